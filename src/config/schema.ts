import { z } from "zod";
import { runLimitsSchema } from "../agents/limits.ts";
import { routingSettingsSchema } from "../agents/routing/settings.ts";
import { efforts } from "../base/effect.ts";
import { isAddressLike } from "../base/place.ts";
import { budgetPeriods, budgetScopes } from "../boundary/standing-budgets.ts";
import { addressField } from "../connectors/http/fields.ts";
import { contextSettingsSchema } from "../context/window.ts";
import { embeddingSettings } from "../connectors/embeddings/settings.ts";
import { mcpSettings } from "../connectors/mcp/settings.ts";
import { connectorSettings } from "../connectors/settings.ts";
import { automaticIntakeRule } from "../learning/intake-rules.ts";
import { severities } from "../learning/severity.ts";
import { priceOverrideSchema } from "../models/prices.ts";
import { sandboxChoices } from "../sandbox/choose.ts";
import { alertSettingsSchema } from "./alert-settings.ts";
import { fallbacksSchema } from "./fallbacks.ts";
import { mcpServerSchema } from "./mcp-servers.ts";
import { retentionSettingsSchema } from "./retention-settings.ts";
import { serveSettingsSchema } from "./serve-settings.ts";
import { telemetrySettingsSchema } from "./telemetry-settings.ts";
import { skillSettingsSchema } from "./skill-settings.ts";

const names = z.array(z.string().min(1)).default([]);

/** Of how many hours, days and so on the last backup is kept. */
function keptFor(usual: number, unit: string) {
  return z
    .int()
    .nonnegative()
    .max(1_000)
    .default(usual)
    .describe(`${unit} of which the last backup of each kind is kept`);
}

/** What holds besides, for some of the calls. */
const policyPartSchema = z.strictObject({
  packs: names.describe("packs that have to allow a call too"),
  blockConnectors: names.describe("connectors denied besides"),
  blockOperations: names.describe("operations denied besides"),
});
export type PolicyPart = z.infer<typeof policyPartSchema>;

/** The ways in which a run can be asked for. */
export const entryPoints = ["cli", "api", "mcp"] as const;
export type EntryPoint = (typeof entryPoints)[number];

const amount = z.int().positive().exactOptional();

/** A hard limit on the calls of a tenant, a person or an agent over a period, or on each call. */
const standingBudgetSchema = z
  .strictObject({
    per: z.enum([...budgetScopes, "call"]),
    period: z.enum(budgetPeriods).exactOptional(),
    maxCostMicroUsd: amount,
    maxTokens: amount,
    maxCalls: amount,
    maxSeconds: amount,
  })
  .refine(
    ({ per: _per, period: _period, ...limits }) => Object.keys(limits).length > 0,
    "Give at least one of maxCostMicroUsd, maxTokens, maxCalls and maxSeconds",
  )
  .refine(
    ({ per, period }) => (per === "call") === (period === undefined),
    "Give a period, unless it is per call",
  )
  .refine(
    ({ per, maxCalls, maxSeconds }) => per !== "call" || (maxCalls ?? maxSeconds) === undefined,
    "Per call there are maxCostMicroUsd and maxTokens",
  );

/** Which policy holds. */
export const policySelectionSchema = z.strictObject({
  packs: z
    .array(z.string().min(1))
    .min(1)
    .default(["default"])
    .describe("policy packs in force, united"),
  files: z.array(z.string().min(1)).default([]).describe("files or folders with packs of your own"),
  blockConnectors: z
    .array(z.string().min(1))
    .default([])
    .describe("connectors denied whatever the packs say"),
  blockOperations: z
    .array(z.string().min(1))
    .default([])
    .describe("operations denied whatever the packs say"),
  entryPoints: z
    .strictObject({
      cli: policyPartSchema.prefault({}),
      api: policyPartSchema.prefault({}),
      mcp: policyPartSchema.prefault({}),
    })
    .prefault({}),
  tenants: z
    .record(z.string(), policyPartSchema)
    .default({})
    .describe("what holds besides for a tenant, by its exact name"),
});
export type PolicySelection = z.infer<typeof policySelectionSchema>;

/** Every setting there is. The file, the environment and the flags all fill this one shape. */
export const settingsSchema = z.strictObject({
  data: z
    .string()
    .min(1)
    .refine(
      (text) => !isAddressLike(text),
      "Must be a folder; a team's PostgreSQL store is set under learning.store",
    )
    .default(".agent33")
    .describe("folder of the store and of the runs' files"),
  model: z.string().min(1).optional().describe("provider:model that runs use when none is named"),
  fallbacks: fallbacksSchema.describe(
    "models that stand in for a model that cannot answer, by its provider:model, in their order",
  ),
  baseUrl: z.url().optional().describe("address of an OpenAI-compatible server, with its /v1"),
  acceptsEffort: z
    .boolean()
    .default(false)
    .describe("whether the OpenAI-compatible server takes reasoning_effort"),
  acceptsSchema: z
    .boolean()
    .default(false)
    .describe("whether the OpenAI-compatible server takes the JSON Schema of an answer"),
  embeddings: embeddingSettings.prefault({}),
  effort: z.enum(efforts).default("medium").describe("how hard runs think when nobody says"),
  routing: routingSettingsSchema.prefault({}),
  agent: z
    .string()
    .min(1)
    .optional()
    .describe("agent that runs use when none is named: a file, name or name@version"),
  agents: z
    .array(z.string().min(1))
    .default(["agents"])
    .describe("files and folders with agent definitions"),
  tenant: z.string().min(1).default("default").describe("tenant that calls are made for"),
  user: z.string().min(1).default("local").describe("person that calls are made for"),
  policy: policySelectionSchema.prefault({}),
  limits: runLimitsSchema.prefault({}),
  context: contextSettingsSchema.prefault({}),
  budgets: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "Use lower-case letters, digits and hyphens"),
      standingBudgetSchema,
    )
    .default({})
    .describe("hard limits over runs and processes, by name: per tenant, user or agent and period"),
  approvals: z
    .strictObject({
      ttlMinutes: z.int().positive().default(1_440).describe("minutes that a question stays open"),
      webhook: z
        .strictObject({ url: addressField, secretVariable: z.string().min(1) })
        .optional()
        .describe("address that is told of open questions, and the variable with its secret"),
    })
    .prefault({}),
  store: z
    .strictObject({
      synchronous: z
        .enum(["full", "normal"])
        .default("full")
        .describe("full survives a power cut; normal may lose the last writes then"),
      onDamage: z
        .enum(["recover", "readonly", "fail"])
        .default("recover")
        .describe(
          "what a command does that finds the store damaged: it is made whole first, only read, or the command fails",
        ),
      checkEveryHours: z
        .int()
        .nonnegative()
        .max(8_760)
        .default(24)
        .describe("hours between readings of all of it while something works on it; 0 makes none"),
    })
    .prefault({}),
  journal: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe("whether all that is committed is written to a second place besides the store"),
      folder: z
        .string()
        .min(1)
        .optional()
        .describe("folder of the journal, best on another disk; in the data folder by default"),
      keepDays: z
        .int()
        .nonnegative()
        .max(3_650)
        .default(7)
        .describe("days that the journal is kept for after a backup has what is in it"),
    })
    .prefault({}),
  backup: z
    .strictObject({
      folder: z
        .string()
        .min(1)
        .optional()
        .describe(
          "folder of the store's backups, best on another disk; in the data folder by default",
        ),
      everyMinutes: z
        .int()
        .nonnegative()
        .max(44_640)
        .default(15)
        .describe("minutes between backups while something works on the store; 0 makes none"),
      keep: z
        .strictObject({
          newest: z
            .int()
            .positive()
            .max(1_000)
            .default(16)
            .describe(
              "backups kept in any case, of each kind that is made without a person's word",
            ),
          hours: keptFor(24, "hours"),
          days: keptFor(14, "days"),
          weeks: keptFor(8, "weeks"),
          months: keptFor(12, "months"),
        })
        .prefault({}),
    })
    .prefault({}),
  sandbox: z
    .strictObject({
      driver: z
        .enum(sandboxChoices)
        .default("auto")
        .describe(
          "what isolates commands; auto takes bubblewrap, else gVisor; none runs no commands",
        ),
      image: z
        .string()
        .regex(/^[\w][\w.:/@-]*$/, "Must be the name of an image")
        .default("node:24-bookworm-slim")
        .describe("image that commands run in with docker; it must be there already"),
      dockerSocket: z
        .string()
        .startsWith("/", "Must be an absolute path")
        .default("/var/run/docker.sock")
        .describe("socket that Docker listens on"),
      javascript: z
        .boolean()
        .default(false)
        .describe("whether agents may compute with JavaScript that can touch nothing"),
    })
    .prefault({}),
  replay: z
    .strictObject({
      keepMegabytes: z
        .int()
        .nonnegative()
        .max(10_000)
        .default(16)
        .describe(
          "megabytes of a workspace up to which its files are kept for replays; 0 keeps none",
        ),
    })
    .prefault({}),
  egressGuard: z
    .enum(["on", "off"])
    .default("on")
    .describe("whether what is opened around the boundary is refused"),
  learning: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe("whether signals are recorded of what goes wrong in runs"),
      store: z
        .string()
        .regex(/^postgres(ql)?:\/\//, "Must begin with postgres://")
        .optional()
        .describe("PostgreSQL that a team keeps its learning state in; this store by default"),
      repeatHours: z
        .number()
        .positive()
        .max(8_760)
        .default(24)
        .describe("hours within which the same thing seen again counts to the same signal"),
      automaticIntakes: z
        .strictObject({
          enabled: z
            .boolean()
            .default(true)
            .describe("whether grave signals get an intake at once"),
          minSeverity: z
            .enum(severities)
            .default(automaticIntakeRule.minSeverity)
            .describe("least severity of a signal that gets one"),
          minScore: z
            .number()
            .min(0)
            .max(1)
            .default(automaticIntakeRule.minScore)
            .describe("least quality of a signal that gets one, 0 to 1"),
        })
        .prefault({}),
    })
    .prefault({}),
  telemetry: telemetrySettingsSchema.prefault({}),
  retention: retentionSettingsSchema.prefault({}),
  alerts: alertSettingsSchema.prefault({}),
  mcp: mcpSettings.prefault({}),
  tools: z
    .strictObject({
      search: z
        .enum(["auto", "always", "never"])
        .default("auto")
        .describe("whether the model has to find the tools of servers before it sees them"),
      searchAboveTokens: z
        .int()
        .nonnegative()
        .default(6_000)
        .describe("tokens of all tool definitions above which auto searches; 40 tools or so"),
    })
    .prefault({}),
  skills: skillSettingsSchema.prefault({}),
  secrets: z
    .strictObject({
      keyFile: z
        .string()
        .min(1)
        .optional()
        .describe(
          "file with the master key of stored secrets, outside of the data folder; AGENT33_MASTER_KEY comes first",
        ),
    })
    .prefault({}),
  serve: serveSettingsSchema.prefault({}),
  mcpServers: z
    .record(z.string(), mcpServerSchema)
    .default({})
    .describe("MCP servers whose tools every run gets"),
  mcpFiles: z
    .array(z.string().min(1))
    .default([])
    .describe("files of other programs whose MCP servers every run gets too, such as .mcp.json"),
  connectors: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, "Use lower-case letters, digits, - and _"),
      connectorSettings,
    )
    .default({})
    .describe("other outside systems whose tools every run gets, by name"),
  prices: z
    .record(z.string(), priceOverrideSchema)
    .default({})
    .describe("prices by model, before the built-in table"),
  pricesFile: z
    .string()
    .min(1)
    .optional()
    .describe("YAML or JSON file with prices by model, after those that stand in the settings"),
  unpriced: z
    .enum(["refuse", "allow"])
    .default("refuse")
    .describe("what a budget that limits money does with a model that has no known price"),
});
export type Settings = z.infer<typeof settingsSchema>;
