import { basename } from "node:path";
import { z } from "zod";

const decision = z.enum(["allow", "ask", "deny"]);
const mode = z.enum(["enforce", "shadow", "dry-run"]);

/** A place in a pack file, without the folder that the file stands in. */
const placeSchema = z
  .strictObject({ file: z.string(), line: z.int(), column: z.int() })
  .nullable()
  .meta({ id: "PackPlace" });

/** Null for what comes from the settings. */
export function placeOf(
  at: { readonly file: string; readonly line: number; readonly column: number } | undefined,
): z.input<typeof placeSchema> {
  return at === undefined ? null : { ...at, file: basename(at.file) };
}

export const explanationSchema = z
  .looseObject({
    decision: z.looseObject({ effect: decision, ruleId: z.string(), policyVersion: z.string() }),
    rules: z.array(z.looseObject({ ruleId: z.string(), effect: decision, matched: z.boolean() })),
    call: z.looseObject({}).exactOptional(),
    runId: z.string().exactOptional(),
  })
  .meta({ id: "PolicyExplanation" });

/** Packs as somebody sends them. */
export const givenPacks = z
  .array(z.strictObject({ text: z.string().max(1_000_000).describe("the pack, in YAML") }))
  .max(50);

const facts = {
  name: z.string(),
  version: z.int(),
  description: z.string(),
  extends: z.array(z.string()),
  default: decision,
  mode: mode.exactOptional(),
  selected: z.boolean().describe("whether calls of this tenant are decided by it now"),
};

export const packListSchema = z
  .strictObject({
    version: z.string().describe("digest of the policy in force"),
    items: z.array(z.strictObject({ ...facts, rules: z.int() })),
  })
  .meta({ id: "PackList" });

const match = z.looseObject({});

export const packSchema = z
  .strictObject({
    ...facts,
    rules: z.array(
      z.strictObject({
        id: z.string(),
        effect: decision,
        match,
        when: z.string().exactOptional(),
        limit: z
          .strictObject({
            max: z.number(),
            per: z.string(),
            windowMs: z.number().exactOptional(),
            sum: z.string().exactOptional(),
          })
          .exactOptional(),
        before: match.exactOptional(),
        answers: z.array(z.string()).exactOptional(),
        mode: mode.exactOptional(),
        reason: z.string(),
        ttlMs: z.number().exactOptional(),
        line: z.int().exactOptional(),
      }),
    ),
  })
  .meta({ id: "Pack" });

export const lintSchema = z
  .strictObject({
    ok: z.boolean().describe("whether nothing keeps them from being used"),
    problems: z.array(
      z.strictObject({
        severity: z.enum(["error", "warning"]),
        code: z.string(),
        message: z.string(),
        hint: z.string(),
        at: placeSchema,
      }),
    ),
    files: z.int(),
    rules: z.int(),
  })
  .meta({ id: "PolicyLint" });

export const testSchema = z
  .strictObject({
    ok: z.boolean(),
    cases: z.array(
      z.strictObject({
        name: z.string(),
        passed: z.boolean(),
        decided: z.strictObject({
          effect: decision,
          ruleId: z.string(),
          matched: z.array(z.string()),
          limits: z.array(z.string()),
        }),
        message: z.string().exactOptional(),
        durationMs: z.number(),
      }),
    ),
  })
  .meta({ id: "PolicyTestReport" });

const saidRule = z
  .looseObject({ ruleId: z.string(), effect: decision, match, reason: z.string() })
  .meta({ id: "SaidRule" });

export const changesSchema = z
  .strictObject({
    added: z.array(saidRule),
    removed: z.array(saidRule),
    changed: z.array(z.strictObject({ before: saidRule, after: saidRule })),
    default: z
      .strictObject({ before: decision, after: decision })
      .exactOptional()
      .describe("what holds where no rule matches, where that changed"),
  })
  .meta({ id: "PolicyChanges" });

export const importSchema = z
  .discriminatedUnion("ok", [
    z.strictObject({
      ok: z.literal(true),
      text: z.string().describe("the pack, in YAML"),
      rules: z.int(),
      notes: z.array(z.string()),
    }),
    z.strictObject({
      ok: z.literal(false),
      refused: z.array(z.strictObject({ message: z.string(), hint: z.string(), at: placeSchema })),
    }),
  ])
  .meta({ id: "PolicyImport" });
