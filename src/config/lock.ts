import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify, parse } from "yaml";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { type Config, configFileName } from "./config.ts";

const hints = z.strictObject({
  readOnlyHint: z.boolean().exactOptional(),
  destructiveHint: z.boolean().exactOptional(),
  idempotentHint: z.boolean().exactOptional(),
  openWorldHint: z.boolean().exactOptional(),
});

const pinnedTool = z.strictObject({
  /** Of the whole definition, with what is not written down here. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** For whoever reviews the file: what the server says that the tool does. */
  description: z.string(),
  hints,
});

const pinnedSkill = z.strictObject({
  /** Of all files of its folder. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** What its author calls this state of it. */
  version: z.string().exactOptional(),
  /** Where it was added from. */
  source: z.string().exactOptional(),
});

const lockSchema = z.strictObject({
  version: z.literal(1),
  servers: z.record(z.string(), z.record(z.string(), pinnedTool)).default({}),
  skills: z.record(z.string(), pinnedSkill).exactOptional(),
});

/** What people have taken for good, to be reviewed and kept beside the settings. */
export type Lock = z.infer<typeof lockSchema>;

export const lockFileName = "agent33.lock.yaml";

/** The lock file's place: beside the settings' file, whether there is one or not. */
export function lockPath(config: Pick<Config, "file">, cwd: string): string {
  return join(dirname(config.file ?? join(cwd, configFileName)), lockFileName);
}

/** @throws Agent33Error `config.malformed_lock` */
export function readLock(path: string): Lock {
  if (!existsSync(path)) return { version: 1, servers: {} };
  // An empty one keeps its place from servers that would like to write it.
  const parsed = lockSchema.safeParse(parsedYaml(path) ?? { version: 1, servers: {} });
  if (parsed.success) return parsed.data;
  throw malformed(path, z.prettifyError(parsed.error), parsed.error);
}

/** Writes the file whole or not at all; its tools are in order, so that changes are easy to see. */
export function writeLock(path: string, lock: Lock): void {
  const partial = `${path}.partial`;
  const head =
    "# Written by `agent33 mcp pin` and `agent33 skills`: what was there when it was reviewed.\n";
  writeFileSync(partial, head + stringify(lock, { lineWidth: 100, sortMapEntries: true }));
  renameSync(partial, path);
}

function parsedYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw malformed(path, messageOf(error), error);
  }
}

function malformed(path: string, why: string, cause: unknown): Agent33Error {
  return new Agent33Error("config.malformed_lock", `${path} cannot be used: ${why}`, {
    hint: "Take the file from before, or remove it and run `agent33 mcp pin` and `agent33 skills pin`.",
    cause,
  });
}
