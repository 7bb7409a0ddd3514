import { z } from "zod";
import { effects, repeats } from "../../base/effect.ts";

const oneOrMany = <T extends z.ZodType>(value: T) =>
  z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(value)).optional();

const word = z.string().min(1);
const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "use lower-case letters, digits and hyphens");

/** The facts that a rule asks about. All given keys must hold; a list means any of its values. */
export const matchSchema = z.strictObject({
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
  tenant: oneOrMany(word),
  user: oneOrMany(word),
  agent: oneOrMany(word),
});

const time = z.string().regex(/^[1-9]\d*[smhd]$/, "write a time as 30s, 10m, 2h or 1d");

/** A count that calls may reach before the rule holds. */
export const limitSchema = z
  .strictObject({
    max: z.number().positive(),
    per: z.enum(["run", "user", "tenant", "agent"]),
    window: z.union([time, z.literal("none")]).optional(),
    /** `tokens`, `costUsd`, or CEL that gives a number. Absent: calls are counted. */
    sum: word.optional(),
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
    id: name.refine((id) => id !== "default", 'the id "default" stands for the pack\'s default'),
    deny: matchSchema.optional(),
    ask: matchSchema.optional(),
    allow: matchSchema.optional(),
    /** CEL over the call's facts and arguments: the rule holds only where it is true. */
    when: word.optional(),
    /** Stands for this rule in place of the pack's mode. */
    mode: z.enum(policyModes).optional(),
    reason: word,
    /** Asks only: how long the question stays open, as in `30s`, `10m`, `2h`, `1d`. */
    ttl: time.optional(),
    limit: limitSchema.optional(),
    /** The rule holds until a call that matches this has succeeded in the run. */
    before: matchSchema.optional(),
  })
  .superRefine((rule, context) => {
    const given = [rule.deny, rule.ask, rule.allow].filter((match) => match !== undefined);
    if (given.length !== 1) {
      context.addIssue({ code: "custom", message: "give exactly one of deny, ask and allow" });
    }
    if (rule.ttl !== undefined && rule.ask === undefined) {
      context.addIssue({ code: "custom", message: "only an ask rule has a ttl", path: ["ttl"] });
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
  pack: name.refine(
    (pack) => pack !== "settings" && pack !== "egress",
    'the names "settings" and "egress" are reserved',
  ),
  version: z.int().min(1),
  description: word,
  extends: z.array(word).default([]),
  mode: z.enum(policyModes).default("enforce"),
  default: z.enum(["allow", "ask", "deny"]),
  rules: z.array(ruleSchema),
});

/** What a rule asks about, every key as a list. */
export type Match = Readonly<z.infer<typeof matchSchema>>;
export type MatchKeyName = keyof Match;
export type MatchValue = string | number | boolean;
