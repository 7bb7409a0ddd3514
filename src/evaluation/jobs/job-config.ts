import { z } from "zod";
import { effort } from "../../events/event-fields.ts";
import { skillArms } from "../attempts/attempt.ts";
import { environmentKinds } from "../environments/environment.ts";

const text = z.string().trim().min(1);

/** Who is to try the tasks, as a person names them. */
export const agentSpecSchema = z.discriminatedUnion("kind", [
  /** The task's own solution. */
  z.strictObject({ kind: z.literal("oracle") }),
  /** Nobody. */
  z.strictObject({ kind: z.literal("nop") }),
  /** An agent of this engine: a file, a name or name@version; the settings' where none is named. */
  z.strictObject({ kind: z.literal("agent33"), agent: text.exactOptional() }),
  /** Any program. */
  z.strictObject({ kind: z.literal("command"), name: text, line: text }),
]);
export type AgentSpec = z.infer<typeof agentSpecSchema>;

const globs = z.array(text).default([]);

/** What a job is made of: all of it, or what is left out as it usually is. */
export const jobRequestSchema = z.strictObject({
  /** Folders of one task or of several. */
  tasks: z.array(text).min(1),
  include: globs,
  exclude: globs,
  agents: z.array(agentSpecSchema).min(1),
  /** None: what the agents have of their own. */
  models: z.array(text).default([]),
  efforts: z.array(effort).default([]),
  skills: z.array(z.enum(skillArms)).min(1).default(["none"]),
  /** Of each task under each condition. */
  trials: z.int().min(1).max(10_000).default(1),
  environment: z.enum(environmentKinds).exactOptional(),
  /** How often a trial is begun anew after the infrastructure failed. */
  retries: z.int().min(0).max(100).default(2),
  timeoutMultiplier: z.number().min(0.01).max(1_000).default(1),
  /** Whether each task is first tried with its own solution. */
  oracleGate: z.boolean().default(true),
  /** Whether each task is also tried with nobody, and must not pass then. */
  nopGate: z.boolean().default(false),
  /** What random draws of the figures come from. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(33),
});

/** `config.json` of a job: the whole matrix, as it was settled when the job began. */
export const jobConfigSchema = jobRequestSchema.extend({
  format: z.literal("agent33-job/1"),
  id: text,
  name: text,
  createdAt: z.int(),
  environment: z.enum(environmentKinds),
});
export type JobConfig = z.infer<typeof jobConfigSchema>;

/** `lock.json` of a job: what its results hang on, pinned when it was first seen. */
export const jobPinsSchema = z.strictObject({
  format: z.literal("agent33-job-lock/1"),
  /** Of this program and of Node. */
  versions: z.record(z.string(), z.string()),
  seed: z.int(),
  /** By task: where it is, and the digest over its files. */
  tasks: z.record(z.string(), z.strictObject({ dir: text, source: text.nullable(), digest: text })),
  /** By agent: its version and what its results hang on. */
  agents: z.record(
    z.string(),
    z.strictObject({ version: text.nullable(), digests: z.record(z.string(), text) }),
  ),
  /** By task, once its environment was made: what that hangs on. */
  environments: z.record(z.string(), z.record(z.string(), text)),
});
export type JobPins = z.infer<typeof jobPinsSchema>;
