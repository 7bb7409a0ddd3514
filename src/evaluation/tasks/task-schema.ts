import { z } from "zod";
import { effects, repeats } from "../../base/effect.ts";

/**
 * What the settings of a task may hold, in the words of `task.toml`. Sources: the Harbor task format
 * as its runner (0.13) reads it, BenchFlow's `task.md` (0.7), and what public task sets write.
 * Objects are loose, because real tasks carry keys of other tools; `task-keys.ts` finds these.
 * Everything under `[metadata]` is free, so a strange value there never makes a task unusable; only
 * `[metadata.agent33]` is ours and strict.
 */

/** No timer of Node can be set to more than about 24 days. */
const seconds = z.number().positive().max(2_000_000);
const scalarText = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const environmentVariables = z.record(z.string(), scalarText);
const networkMode = z.enum(["public", "no-network", "allowlist"]);
const freeTable = z.record(z.string(), z.unknown());

export const mcpServerSchema = z.looseObject({
  name: z.string().min(1),
  transport: z.enum(["stdio", "sse", "streamable-http", "http"]).optional(),
  command: z.string().min(1).optional(),
  args: z.array(z.string()).optional(),
  url: z.string().min(1).optional(),
  env: environmentVariables.optional(),
});

export const verifierSchema = z.looseObject({
  timeout_sec: seconds.optional(),
  env: environmentVariables.optional(),
  /** How it judges; without a word by a script. */
  type: z.string().optional(),
});

export const agentSchema = z.looseObject({
  timeout_sec: seconds.optional(),
  network_mode: networkMode.optional(),
  allowed_hosts: z.array(z.string()).optional(),
});

export const environmentSchema = z.looseObject({
  build_timeout_sec: seconds.optional(),
  docker_image: z.string().optional(),
  image: z.string().optional(),
  os: z.string().optional(),
  cpus: z.number().positive().optional(),
  memory_mb: z.number().positive().optional(),
  storage_mb: z.number().positive().optional(),
  memory: z.union([z.string(), z.number()]).optional(),
  storage: z.union([z.string(), z.number()]).optional(),
  allow_internet: z.boolean().optional(),
  network_mode: networkMode.optional(),
  allowed_hosts: z.array(z.string()).optional(),
  workdir: z.string().optional(),
  env: environmentVariables.optional(),
  mcp_servers: z.array(mcpServerSchema).optional(),
});

/** Some published tasks write the variables straight into the table instead of below `env`. */
const inlineVariable = /^[A-Z][A-Z0-9_]*$/;

export const solutionSchema = z.preprocess(
  (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const inline = Object.entries(value).filter(([key]) => inlineVariable.test(key));
    if (inline.length === 0) return value;
    const rest = Object.entries(value).filter(([key]) => !inlineVariable.test(key));
    const { env, ...others } = Object.fromEntries(rest) as { env?: object };
    return { ...others, env: { ...Object.fromEntries(inline), ...env } };
  },
  z.looseObject({ env: environmentVariables.optional() }),
);

export const packageSchema = z.looseObject({
  name: z.string().optional(),
  description: z.unknown().optional(),
  authors: z.unknown().optional(),
  keywords: z.unknown().optional(),
  version: z.unknown().optional(),
  id: z.unknown().optional(),
});

export const stepSchema = z.looseObject({
  /** Also a folder's name, so nothing that leads elsewhere. */
  name: z.string().regex(/^[\p{L}\p{N}_][\p{L}\p{N}_. -]*$/u, "must be the name of a folder"),
  agent: agentSchema.optional(),
  verifier: verifierSchema.optional(),
  min_reward: z.union([z.number(), z.record(z.string(), z.number())]).optional(),
});

/** `[metadata.agent33]`: what the formats have no key for. */
export const agent33MetadataSchema = z.strictObject({
  /** A program and its arguments, run in the workspace when the agent says that it is done. */
  check: z.array(z.string()).min(1).optional(),
  /** Scripted turns, a path inside the task's folder. */
  script: z.string().min(1).optional(),
  /** Folder of Agent Skills, a path inside the task's folder. */
  skills: z.string().min(1).optional(),
  /** By the name that the model uses: `<server>__<tool>`. */
  tools: z
    .record(z.string(), z.strictObject({ effect: z.enum(effects), repeat: z.enum(repeats) }))
    .optional(),
});

export const taskFileSchema = z.looseObject({
  version: scalarText.optional(),
  schema_version: scalarText.optional(),
  task: packageSchema.optional(),
  metadata: freeTable.optional(),
  verifier: verifierSchema.optional(),
  agent: agentSchema.optional(),
  environment: environmentSchema.optional(),
  solution: solutionSchema.optional(),
  /** Where the task was taken from. */
  source: z.unknown().optional(),
  steps: z.array(stepSchema).optional(),
  multi_step_reward_strategy: z.enum(["mean", "final"]).optional(),
});

export type TaskFile = z.output<typeof taskFileSchema>;
export type Agent33Metadata = z.output<typeof agent33MetadataSchema>;

const unitInMb: Readonly<Record<string, number>> = {
  "": 1 / (1024 * 1024),
  K: 1 / 1024,
  M: 1,
  G: 1024,
  T: 1024 * 1024,
};

/**
 * A size as container tools write it (`512M`, `4G`, `4Gi`, `4GB`), in mebibytes. A number without
 * a unit is bytes. Undefined for anything else.
 */
export function sizeInMb(text: string | number): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?)I?B?\s*$/i.exec(String(text));
  const unit = unitInMb[(match?.[2] ?? "").toUpperCase()];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}
