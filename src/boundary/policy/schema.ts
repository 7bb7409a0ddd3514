import { z } from "zod";
import { effects, injectionLevels, repeats } from "../../base/effect.ts";

const oneOrMany = <T extends z.ZodType>(value: T) =>
  z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(value)).optional();

const word = z.string().min(1);
const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "use lower-case letters, digits and hyphens");

/** The facts that a rule asks about. All given keys must hold; a list means any of its values. */
export const matchSchema = z
  .strictObject({
    connector: oneOrMany(word),
    operation: oneOrMany(word),
    effect: oneOrMany(z.enum(effects)),
    repeat: oneOrMany(z.enum(repeats)),
    tool: oneOrMany(word),
    toolDigest: oneOrMany(
      z.string().regex(/^[0-9a-f]{64}$/, "a digest is 64 lower-case hexadecimal digits"),
    ),
    host: oneOrMany(word),
    port: oneOrMany(z.int().min(1).max(65_535)),
    private: oneOrMany(z.boolean()),
    metadata: oneOrMany(z.boolean()),
    injection: oneOrMany(z.enum(injectionLevels)),
    toolInjection: oneOrMany(z.enum(injectionLevels)),
    tenant: oneOrMany(word),
    user: oneOrMany(word),
    agent: oneOrMany(word),
  })
  .meta({ id: "match" });

const time = z.string().regex(/^[1-9]\d*[smhd]$/, "write a time as 30s, 10m, 2h or 1d");

/** A count that calls may reach before the rule holds. */
export const limitSchema = z
  .strictObject({
    max: z.number().positive().describe("How many calls, or how much, may pass."),
    per: z.enum(["run", "user", "tenant", "agent"]).describe("What is counted for itself."),
    window: z
      .union([time, z.literal("none")])
      .optional()
      .describe("Calls that began within this time count, as 30m, 1h, 1d; none: for ever."),
    sum: word
      .optional()
      .describe("tokens, costUsd, or CEL that gives a number. Without it, calls are counted."),
  })
  // What the checks below say, for editors.
  .meta({
    if: { required: ["sum"] },
    else: { properties: { max: { type: "integer" } } },
    anyOf: [{ properties: { per: { const: "run" } } }, { required: ["window"] }],
  })
  .superRefine((limit, context) => {
    if (limit.sum === undefined && !Number.isInteger(limit.max)) {
      context.addIssue({ code: "custom", message: "calls are counted whole", path: ["max"] });
    }
    if (limit.window === undefined && limit.per !== "run") {
      const message = `per ${limit.per} needs a window, as 1h or 1d; none counts for ever`;
      context.addIssue({ code: "custom", message });
    }
  });

/** How far a rule or a pack goes, see docs/policy/packs.md. */
export const policyModes = ["enforce", "shadow", "dry-run"] as const;
export type PolicyMode = (typeof policyModes)[number];

export const ruleSchema = z
  .strictObject({
    id: name
      .refine((id) => id !== "default", 'the id "default" stands for the pack\'s default')
      .meta({ not: { const: "default" }, description: "Names the rule within its pack." }),
    deny: matchSchema.optional().describe("Refuses calls with these facts."),
    ask: matchSchema.optional().describe("Asks a person about calls with these facts."),
    allow: matchSchema.optional().describe("Allows calls with these facts."),
    when: word
      .optional()
      .describe("CEL over the call's facts and args: the rule holds only where it is true."),
    mode: z.enum(policyModes).optional().describe("For this rule, in place of the pack's mode."),
    reason: word.describe("Shown to the person who is refused or asked."),
    ttl: time.optional().describe("Asks only: how long the question stays open, as 30s, 10m, 2h."),
    limit: limitSchema.optional().describe("The rule holds only for calls beyond it."),
    before: matchSchema
      .optional()
      .describe("The rule holds only until such a call has succeeded in the same run."),
    answers: z
      .array(word)
      .min(1)
      .optional()
      .describe("Allows only: ask rules, as pack/rule, that are answered for these calls."),
  })
  .meta({
    oneOf: [{ required: ["deny"] }, { required: ["ask"] }, { required: ["allow"] }],
    dependentRequired: { ttl: ["ask"], answers: ["allow"] },
    dependentSchemas: {
      limit: { not: { anyOf: [{ required: ["allow"] }, { required: ["before"] }] } },
      before: { not: { required: ["allow"] } },
    },
  })
  .superRefine((rule, context) => {
    const given = [rule.deny, rule.ask, rule.allow].filter((match) => match !== undefined);
    if (given.length !== 1) {
      context.addIssue({ code: "custom", message: "give exactly one of deny, ask and allow" });
    }
    if (rule.ttl !== undefined && rule.ask === undefined) {
      context.addIssue({ code: "custom", message: "only an ask rule has a ttl", path: ["ttl"] });
    }
    if (rule.answers !== undefined && rule.allow === undefined) {
      const message = "only an allow rule answers what others ask";
      context.addIssue({ code: "custom", message, path: ["answers"] });
    }
    for (const key of ["limit", "before"] as const) {
      if (rule[key] === undefined || rule.allow === undefined) continue;
      const message = `only deny and ask rules have a ${key}: say what is beyond it`;
      context.addIssue({ code: "custom", message, path: [key] });
    }
    if (rule.limit !== undefined && rule.before !== undefined) {
      const message = "a rule has a limit or a before, not both: write two rules";
      context.addIssue({ code: "custom", message, path: ["before"] });
    }
  });

/** A pack as it is written in YAML. */
export const packSchema = z.strictObject({
  pack: name
    .refine(
      (pack) => pack !== "settings" && pack !== "egress",
      'the names "settings" and "egress" are reserved',
    )
    .meta({ not: { enum: ["settings", "egress"] }, description: "What settings select it by." }),
  version: z.int().min(1).describe("Raised by its author when the pack changes."),
  description: word.describe("What the pack is for."),
  extends: z.array(word).default([]).describe("Packs whose rules come along."),
  mode: z
    .enum(policyModes)
    .default("enforce")
    .describe("For the rules that name none, and for the default."),
  default: z.enum(["allow", "ask", "deny"]).describe("What holds where no rule matches."),
  rules: z.array(ruleSchema).describe("In any order: the strictest that matches decides."),
});

/** What a rule asks about, every key as a list. */
export type Match = Readonly<z.infer<typeof matchSchema>>;
export type MatchKeyName = keyof Match;
export type MatchValue = string | number | boolean;
