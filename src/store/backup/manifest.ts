import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { digestOf } from "../../base/digest.ts";
import { Agent33Error, isAgent33Error, systemCodeOf } from "../../base/errors.ts";
import { damagedBackup, mapFileError } from "./errors.ts";
import { healed } from "../parity/parity.ts";

/**
 * Why a backup was made: because a person said so, on schedule, or before a store was brought up to
 * date or took state over. A person's own is never removed by AGENT-33.
 */
export const backupKinds = ["manual", "scheduled", "upgrade", "migrate"] as const;
export type BackupKind = (typeof backupKinds)[number];

/** The version of this form; a later one is refused, not guessed at. */
const format = 1;
export const manifestName = "manifest.json";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.int().nonnegative();
/** Below the data folder: a manifest must not name a place elsewhere. */
const pathBelow = z
  .string()
  .regex(/^(?:secrets\.json|(?:kept|runs)(?:\/(?!\.\.?(?:\/|$))[^/\0]+)+)$/);

const contentSchema = z.strictObject({
  /** Made at this time, ISO 8601. */
  at: z.iso.datetime(),
  kind: z.enum(backupKinds),
  format: z.literal(format),
  /** The AGENT-33 that made it. */
  engine: z.string(),
  /** The version of the store's schema. */
  schema: z.int().positive(),
  /** The history that the store was in, and the number of its last change; see the journal. */
  history: z.string().nullable(),
  seq: size,
  /** Rows by table. */
  rows: z.record(z.string(), size),
  database: z.strictObject({
    name: z.string().regex(/^[\w.]+$/),
    packing: z.literal("zstd"),
    bytes: size,
    sha256: digest,
    unpackedBytes: size,
    unpackedSha256: digest,
  }),
  /** Files beside the store, by their path below the data folder; kept once for all backups. */
  files: z.array(z.strictObject({ path: pathBelow, bytes: size, sha256: digest })),
});

/** What a backup consists of and what it must be. */
export type Manifest = z.infer<typeof contentSchema>;
export type BackedUpFile = Manifest["files"][number];

/** The manifest as a file: its last line's digest covers all the rest. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, sum: digestOf(manifest) }, null, 2)}\n`;
}

/**
 * The manifest in a backup's folder.
 * @throws Agent33Error `store.not_a_backup`, `store.backup_newer`, `store.backup_damaged`,
 * `store.backup_folder`
 */
export function readManifest(folder: string): Manifest {
  return manifestIn(folder, textIn(folder));
}

/** The same where some of its bytes were altered, as far as its parity can put them right. */
export function healedManifest(folder: string): Manifest | undefined {
  const path = join(folder, manifestName);
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const text = healed(path, bytes)?.toString("utf8");
  if (text === undefined) return undefined;
  try {
    return manifestIn(folder, text);
  } catch (error) {
    if (isAgent33Error(error)) return undefined;
    throw error;
  }
}

function manifestIn(folder: string, text: string): Manifest {
  const value = parsed(folder, text);
  if (typeof value !== "object" || value === null || !("format" in value)) {
    throw notABackup(folder, "its manifest says nothing of a form");
  }
  if (typeof value.format === "number" && value.format > format) {
    throw new Agent33Error(
      "store.backup_newer",
      `The backup ${folder} has form ${value.format}; this AGENT-33 knows form ${format}.`,
      { hint: "Use the AGENT-33 that made it or a newer one. The store is as it was." },
    );
  }
  const { sum, ...content } = { sum: undefined, ...value };
  const read = contentSchema.safeParse(content);
  if (!read.success) throw damagedBackup(folder, "its manifest has not the form of one");
  if (digestOf(read.data) !== sum) throw damagedBackup(folder, "its manifest was altered");
  return read.data;
}

function textIn(folder: string): string {
  try {
    return readFileSync(join(folder, manifestName), "utf8");
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") throw notABackup(folder, "it has no manifest");
    throw mapFileError(cause, folder);
  }
}

function parsed(folder: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damagedBackup(folder, "its manifest is not JSON", cause);
  }
}

function notABackup(folder: string, why: string): Agent33Error {
  return new Agent33Error("store.not_a_backup", `${folder} is not a backup: ${why}.`, {
    hint: "`agent33 store backups` lists those that there are. The store is as it was.",
    details: { path: folder },
  });
}
