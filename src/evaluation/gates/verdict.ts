import { z } from "zod";
import { sealedSchema } from "../../base/seal.ts";
import { actions, gateMetrics, goldenTags } from "./gates-form.ts";

const share = z.number().nullable();

/** How a golden task went under one condition. */
export const goldenStatuses = ["passed", "failed", "skipped", "missing", "incomplete"] as const;

const goldenVerdict = z.strictObject({
  task: z.string(),
  tags: z.array(z.enum(goldenTags)),
  owner: z.string(),
  condition: z.string().nullable(),
  /**
   * `skipped`: the job left it out; `missing`: the job did not try it, or another version of it;
   * `incomplete`: fewer trials than asked for have a verdict.
   */
  status: z.enum(goldenStatuses),
  /** With a verdict. */
  trials: z.int(),
  passes: z.int(),
  message: z.string(),
});
export type GoldenVerdict = z.infer<typeof goldenVerdict>;

const gateCheck = z.strictObject({
  kind: z.enum(["job", "task", "threshold", "regression", "surface"]),
  name: z.string(),
  /** Null where it is about the whole job. */
  condition: z.string().nullable(),
  /** `unknown` counts as `missed`: what is not known has not been shown. */
  outcome: z.enum(["met", "missed", "unknown"]),
  /** What it does to the gate where it is not met. */
  action: z.enum(actions),
  message: z.string(),
  metric: z.enum(gateMetrics).exactOptional(),
  observed: z.strictObject({ estimate: share, low: share, high: share }).exactOptional(),
});
export type GateCheck = z.infer<typeof gateCheck>;

const hash = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/);

/** The checkout of git that a gates file was judged in. */
export const checkoutSchema = z.strictObject({
  /** Its top folder on the machine that judged. */
  folder: z.string(),
  /** The gates file, from there. */
  file: z.string(),
  commit: hash,
  tree: hash,
  /** Files that were not as in the commit; the gates file, too, where git does not track it. */
  dirty: z.array(z.string()),
});
export type Checkout = z.infer<typeof checkoutSchema>;

/** What a gate says of a job. Kept sealed beside the job's trials as `verdict-GATE.json`. */
export const gateVerdictSchema = z.strictObject({
  format: z.literal("agent33-gate/2"),
  gate: z.string(),
  outcome: z.enum(["passed", "warned", "failed"]),
  /** Milliseconds since the Unix epoch. */
  judgedAt: z.int(),
  /** Null where the gates file is in no checkout of git. */
  checkout: checkoutSchema.nullable(),
  /** Why there is no checkout, in a sentence; only where there is none. */
  whyNoCheckout: z.string().exactOptional(),
  job: z.strictObject({
    id: z.string(),
    name: z.string(),
    dir: z.string(),
    /** Whether it was made by this very gate, at this checkout; of a job from before nobody knows at which. */
    madeHere: z.boolean(),
  }),
  level: z.number(),
  tasks: z.array(goldenVerdict),
  checks: z.array(gateCheck),
});
export type GateVerdict = z.infer<typeof gateVerdictSchema>;

/** The file of a verdict: what `agent33 gate run` writes and `agent33 release packet` reads. */
export const sealedVerdictSchema = sealedSchema(gateVerdictSchema);

/** The checks that are not met and block, in a sentence each. */
export function blockingOf({ checks }: Pick<GateVerdict, "checks">): readonly string[] {
  return checks
    .filter(({ outcome, action }) => outcome !== "met" && action === "block")
    .map(({ kind, name, message }) => `${kind} ${name}: ${message}`);
}

/** Failed as soon as one check that blocks is not met, or there is none; warned as one that warns. */
export function outcomeOf(checks: readonly GateCheck[]): GateVerdict["outcome"] {
  const unmet = checks.filter(({ outcome }) => outcome !== "met");
  if (checks.length === 0 || unmet.some(({ action }) => action === "block")) return "failed";
  return unmet.length > 0 ? "warned" : "passed";
}
