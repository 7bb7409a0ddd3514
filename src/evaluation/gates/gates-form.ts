import { z } from "zod";
import { effort } from "../../events/event-fields.ts";
import { skillArms } from "../attempts/attempt.ts";
import { environmentKinds } from "../environments/environment.ts";
import { agentSpecSchema } from "../jobs/job-config.ts";

const text = z.string().trim().min(1);
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,49}$/, "takes small letters, digits and dashes");

/** What a golden task is for. A `critical` one must be tried and pass, or its gate fails. */
export const goldenTags = ["smoke", "critical", "release", "regression"] as const;
export type GoldenTag = (typeof goldenTags)[number];

const tags = z.array(z.enum(goldenTags)).min(1);

const goldenTaskSchema = z.strictObject({
  /** Folder of one task; from where the gates' file is. */
  path: text,
  tags,
  /** Who looks after it, as a person would write it. */
  owner: text,
  /** Which files its work may write or delete, from the work's folder; `*` for any characters. */
  scope: z.array(text).min(1).exactOptional(),
});
export type GoldenTaskEntry = z.infer<typeof goldenTaskSchema>;

/** What thresholds are about, and how it is measured of one trial. */
export const gateMetrics = [
  "success_rate",
  "duration_ms",
  "cost_micro_usd",
  "rework",
  "scope",
] as const;
export type GateMetric = (typeof gateMetrics)[number];

export const holdings = ["estimate", "surely", "plausibly"] as const;
export const actions = ["warn", "block"] as const;

const thresholdSchema = z
  .strictObject({
    metric: z.enum(gateMetrics),
    at_least: z.number().nonnegative().exactOptional(),
    at_most: z.number().nonnegative().exactOptional(),
    /** Which figure has to hold: the estimate, the worse end of its interval, or the better one. */
    holds: z.enum(holdings).default("estimate"),
    /** What a threshold that is missed, or not known, does to the gate. */
    action: z.enum(actions),
    /** Only of golden tasks with one of these tags; without it, of all tasks of the gate. */
    tags: tags.exactOptional(),
  })
  .superRefine(({ metric, at_least, at_most }, context) => {
    const refuse = (message: string): void => context.addIssue({ code: "custom", message });
    if ((at_least === undefined) === (at_most === undefined)) {
      refuse("takes one of at_least and at_most");
    }
    const share = metric === "success_rate" || metric === "rework" || metric === "scope";
    if (share && (at_least ?? at_most ?? 0) > 1) refuse(`${metric} is a share from 0 to 1`);
  });
export type GateThreshold = z.infer<typeof thresholdSchema>;

const regressionRule = z.strictObject({
  /** Which branch's newest baseline is compared with. */
  against: text,
  /** What it does to the gate where less succeeds. */
  action: z.enum(actions),
  /** What it does where something takes longer, costs more or is flakier. */
  others: z.enum(actions).default("warn"),
});

const gateSchema = z.strictObject({
  description: text.exactOptional(),
  /** Golden tasks with one of these are tried. */
  tags,
  /** Who works; at least one that is not `nop`. */
  agents: z.array(agentSpecSchema).min(1),
  models: z.array(text).default([]),
  efforts: z.array(effort).default([]),
  skills: z.array(z.enum(skillArms)).min(1).default(["none"]),
  /** Of each task under each condition. */
  trials: z.int().min(1).max(10_000).default(1),
  environment: z.enum(environmentKinds).exactOptional(),
  /** How sure intervals are. */
  level: z.number().min(0.5).max(0.999).default(0.95),
  thresholds: z.array(thresholdSchema).min(1),
  regressions: regressionRule.exactOptional(),
  /** The probes of a surface file that must hold, too: `true` for the usual one beside this file. */
  surface: z.union([z.literal(true), text]).exactOptional(),
});
export type Gate = z.infer<typeof gateSchema>;

/** `agent33.gates.yaml`. */
export const gatesSchema = z.strictObject({
  version: z.literal(1),
  tasks: z.array(goldenTaskSchema).min(1),
  gates: z.record(name, gateSchema).refine((gates) => Object.keys(gates).length > 0, "has no gate"),
});
export type GatesFile = z.infer<typeof gatesSchema>;
