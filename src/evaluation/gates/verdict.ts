import { z } from "zod";
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
  kind: z.enum(["job", "task", "threshold", "regression"]),
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

/** What a gate says of a job. Kept beside the job's trials as `verdict-GATE.json`. */
export const gateVerdictSchema = z.strictObject({
  format: z.literal("agent33-gate/1"),
  gate: z.string(),
  outcome: z.enum(["passed", "warned", "failed"]),
  /** Milliseconds since the Unix epoch. */
  judgedAt: z.int(),
  job: z.strictObject({ id: z.string(), name: z.string(), dir: z.string() }),
  level: z.number(),
  tasks: z.array(goldenVerdict),
  checks: z.array(gateCheck),
});
export type GateVerdict = z.infer<typeof gateVerdictSchema>;

/** Failed as soon as one check that blocks is not met, or there is none; warned as one that warns. */
export function outcomeOf(checks: readonly GateCheck[]): GateVerdict["outcome"] {
  const unmet = checks.filter(({ outcome }) => outcome !== "met");
  if (checks.length === 0 || unmet.some(({ action }) => action === "block")) return "failed";
  return unmet.length > 0 ? "warned" : "passed";
}
