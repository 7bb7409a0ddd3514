import { z } from "zod";
import { effects, repeats } from "../../base/effect.ts";

/**
 * What a `task.toml` may hold. Source: the Harbor task format as its runner (0.13) reads it and as
 * public task sets write it. Objects are loose, because real tasks carry keys of other tools;
 * {@link unknownKeys} reports them. Everything under `[metadata]` is free in Harbor, so a strange
 * value there never makes a task unusable; only `[metadata.agent33]` is ours and strict.
 */
/** No timer of Node can be set to more than about 24 days. */
const seconds = z.number().positive().max(2_000_000);
const scalarText = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const environmentVariables = z.record(z.string(), scalarText);

const mcpServer = z.looseObject({
  name: z.string().min(1),
  transport: z.enum(["stdio", "sse", "streamable-http", "http"]).optional(),
  command: z.string().min(1).optional(),
  args: z.array(z.string()).optional(),
  url: z.string().min(1).optional(),
  env: environmentVariables.optional(),
});

const verifier = z.looseObject({
  timeout_sec: seconds.optional(),
  env: environmentVariables.optional(),
});

const agent = z.looseObject({ timeout_sec: seconds.optional() });

const environment = z.looseObject({
  build_timeout_sec: seconds.optional(),
  docker_image: z.string().optional(),
  image: z.string().optional(),
  cpus: z.number().positive().optional(),
  gpus: z.number().nonnegative().optional(),
  memory_mb: z.number().positive().optional(),
  storage_mb: z.number().positive().optional(),
  memory: z.union([z.string(), z.number()]).optional(),
  storage: z.union([z.string(), z.number()]).optional(),
  allow_internet: z.boolean().optional(),
  network_mode: z.enum(["public", "no-network", "allowlist"]).optional(),
  allowed_hosts: z.array(z.string()).optional(),
  workdir: z.string().optional(),
  env: environmentVariables.optional(),
  mcp_servers: z.array(mcpServer).optional(),
});

const solution = z.looseObject({ env: environmentVariables.optional() });

/** `[metadata.agent33]`: what Harbor has no key for. */
const agent33 = z.strictObject({
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

const taskFile = z.looseObject({
  version: scalarText.optional(),
  schema_version: scalarText.optional(),
  task: z.record(z.string(), z.unknown()).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  verifier: verifier.optional(),
  agent: agent.optional(),
  environment: environment.optional(),
  solution: solution.optional(),
  steps: z.array(z.unknown()).optional(),
});

export type TaskFile = z.output<typeof taskFile>;
export type Agent33Metadata = z.output<typeof agent33>;

export { agent33 as agent33MetadataSchema, taskFile as taskFileSchema };

const knownByTable: Readonly<Record<string, z.ZodObject>> = {
  "": taskFile,
  verifier,
  agent,
  environment,
  solution,
};

/** Keys of a parsed task file that mean nothing to us, as dotted paths. */
export function unknownKeys(file: TaskFile): string[] {
  const unknown: string[] = [];
  for (const [table, schema] of Object.entries(knownByTable)) {
    const value = table === "" ? file : file[table];
    if (typeof value !== "object" || value === null) continue;
    for (const key of Object.keys(value)) {
      if (!(key in schema.shape)) unknown.push(table === "" ? key : `${table}.${key}`);
    }
  }
  for (const [index, server] of (file.environment?.mcp_servers ?? []).entries()) {
    for (const key of Object.keys(server)) {
      if (!(key in mcpServer.shape)) unknown.push(`environment.mcp_servers[${index}].${key}`);
    }
  }
  return unknown;
}

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
