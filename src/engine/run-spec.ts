import { z } from "zod";
import { keptDefinitionSchema } from "../agents/definition.ts";
import { judgeSchema, workspaceCheckSchema } from "../agents/completion-schema.ts";
import { runLimitsSchema } from "../agents/limits.ts";
import { escalationReasons, reasoningLevels } from "../agents/routing/settings.ts";
import { contextSettingsSchema } from "../context/window.ts";
import { efforts } from "../base/effect.ts";
import { Agent33Error } from "../base/errors.ts";
import { toolDeclarationSchema } from "../config/mcp-servers.ts";
import { skillArms } from "../evaluation/attempts/attempt.ts";
import { environmentKinds } from "../evaluation/environments/environment.ts";
import { attemptSummary, estimate, routing } from "../events/event-fields.ts";
import { runModes } from "../events/event.ts";
import { entryPoints, policySelectionSchema } from "../config/schema.ts";

/** An MCP server as a run remembers it. Values of variables are never part of it: they may be secrets. */
const stdioServerSpecSchema = z.strictObject({
  name: z.string(),
  command: z.string(),
  args: z.array(z.string()),
  cwd: z.string(),
  /** Where the search for the program begins. */
  startFolder: z.string(),
  tools: z.record(z.string(), toolDeclarationSchema),
  /** `settings` servers get their variables and their confinement from there each time they are opened. */
  from: z.enum(["settings", "flag", "task"]),
  /** Of one that was named for this run, whether it is confined. Runs from before that have neither. */
  confine: z.boolean().exactOptional(),
  /** Hosts that it talks to; without any it has no network. */
  hosts: z.array(z.string()).exactOptional(),
});

/** One that is spoken to over HTTP. Headers may be secrets, so the settings are asked each time. */
const httpServerSpecSchema = z.strictObject({
  name: z.string(),
  url: z.string(),
  transport: z.literal("sse").exactOptional(),
  tools: z.record(z.string(), toolDeclarationSchema),
  from: z.enum(["settings", "flag", "task"]),
});

const serverSpecSchema = z.union([stdioServerSpecSchema, httpServerSpecSchema]);
export type ServerSpec = z.infer<typeof serverSpecSchema>;

const tierOutput = z.strictObject({
  maxOutputTokens: z.int(),
  reasoning: z.enum(reasoningLevels).exactOptional(),
});
const effortChoiceSchema = tierOutput.extend({ effort: z.enum(efforts), source: z.string() });

const tierSpecSchema = z.strictObject({
  effort: effortChoiceSchema,
  model: z.string(),
  modelSource: routing.shape.modelSource,
  baseUrl: z.string().nullable(),
  maxTokens: z.int().exactOptional(),
  /** What was assumed of it when the first attempt was created. */
  estimate,
});
export type TierSpec = z.infer<typeof tierSpecSchema>;

const escalationSpecSchema = z.strictObject({
  on: z.array(z.enum(escalationReasons)),
  hiddenTests: z.boolean(),
  reserve: z.number(),
  /** The tiers above this attempt's, the next first. */
  ladder: z.array(tierSpecSchema),
  /** For all attempts together. */
  limits: runLimitsSchema,
  /** Milliseconds for which workers leave the next attempt to whoever drove this one. */
  leaveMs: z.int().nonnegative(),
  /** The attempts before this one. */
  earlier: z.array(attemptSummary),
});
export type EscalationSpec = z.infer<typeof escalationSpecSchema>;

const trialSpecSchema = z.strictObject({
  /** The task's folder. */
  task: z.string(),
  environment: z.enum(environmentKinds),
  skills: z.enum(skillArms),
  repetition: z.int().min(1),
  /** The process that has the environment, as owners of runs are named. */
  owner: z.string(),
});

const runSpecSchema = z.strictObject({
  version: z.literal(1),
  task: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("text"), text: z.string() }),
    z.strictObject({ kind: z.literal("folder"), path: z.string(), environment: z.literal("host") }),
  ]),
  model: z.string(),
  baseUrl: z.string().nullable(),
  agent: keptDefinitionSchema,
  /** Every agent that it, or one below it, may hand work to, as it was when the run was created. */
  subAgents: z.array(keptDefinitionSchema).default([]),
  /** Whether the agent has one turn without tools, or works until it is done. */
  mode: z.enum(runModes).default("iterative"),
  /** What looks at its work in the workspace, besides a task's own check. */
  checks: z.array(workspaceCheckSchema).default([]),
  judge: judgeSchema.nullable().default(null),
  effort: effortChoiceSchema,
  /** How the tier was chosen, and what turns of each tier may use; earlier runs do not say. */
  routing: z
    .strictObject({
      note: routing,
      tiers: z.strictObject({ low: tierOutput, medium: tierOutput, high: tierOutput }),
    })
    .exactOptional(),
  /** What may come after a failed attempt, and what came before this one. */
  escalation: escalationSpecSchema.exactOptional(),
  limits: runLimitsSchema,
  /** Whether a model without a price is refused, because somebody has limited the money. */
  refusesUnpriced: z.boolean().exactOptional(),
  /** How much of a conversation the model is shown, where an agent's definition does not say. */
  context: contextSettingsSchema.default({}),
  servers: z.array(serverSpecSchema),
  /** The policy that the run was started under; a resumed run keeps it. */
  policy: policySelectionSchema,
  /** The way in which it was asked for, which the policy may tell apart. */
  entryPoint: z.enum(entryPoints).default("cli"),
  workspace: z.string().nullable(),
  /** Whether the agent may run commands in the sandbox. */
  shell: z.boolean(),
  /** Variables that the task itself sets; never secrets. */
  environment: z.record(z.string(), z.string()),
  /** How many skills it gets at most, chosen for its task by matching; without it, all. */
  matchSkills: z.int().min(1).exactOptional(),
  /** Of a run that is an agent's work in a trial: it lives and ends with the trial's environment. */
  trial: trialSpecSchema.exactOptional(),
  /** The run whose log this one replays. */
  replayOf: z.string().exactOptional(),
  /** The last event of that log which belongs to the replay. */
  replayThrough: z.int().nonnegative().exactOptional(),
  principal: z.strictObject({
    tenant: z.string(),
    user: z.string(),
    key: z.string().exactOptional(),
    agent: z.string(),
  }),
});

/** Everything that is needed to take a run up again, in another process if need be. */
export type RunSpec = z.infer<typeof runSpecSchema>;

/** Whether a run, as the store has it, is the work of an agent in a trial. */
export function isTrialRun(spec: unknown): boolean {
  return typeof spec === "object" && spec !== null && "trial" in spec;
}

/** @throws Agent33Error `engine.malformed_run` for a run of another version of the program */
export function parseRunSpec(runId: string, data: unknown): RunSpec {
  const parsed = runSpecSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new Agent33Error(
    "engine.malformed_run",
    `Run ${runId} cannot be read: ${z.prettifyError(parsed.error)}`,
    {
      hint: "It was made by another version of AGENT-33; resume it with that one.",
    },
  );
}
