import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import type { SignedPlace } from "./signing.ts";

const placeSchema = z.strictObject({
  tenant: z.string(),
  position: z.int(),
  previous: z.int(),
  hash: z.string(),
  at: z.int(),
  keyId: z.string(),
  signature: z.string(),
});

/** A signed place as it is spelt in files. */
export const signedPlaceSchema: z.ZodType<SignedPlace> = placeSchema;

const formatName = "agent33-audit-head";
const headsSchema = z.strictObject({
  format: z.literal(formatName),
  version: z.literal(1),
  heads: z.array(placeSchema),
});

/** The newest signed place of each tenant's chain, beside the store and not in it. */
export function headPath(dataDir: string): string {
  return join(dataDir, "audit-head.json");
}

/**
 * The heads in a file, by tenant; none where there is no file.
 * @throws Agent33Error `audit.bad_head` for a file that is none
 */
export function readHeads(path: string): ReadonlyMap<string, SignedPlace> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return new Map();
    throw badHead(path, cause);
  }
  try {
    const { heads } = headsSchema.parse(JSON.parse(text));
    return new Map(heads.map((head) => [head.tenant, head]));
  } catch (cause) {
    throw badHead(path, cause);
  }
}

/**
 * Replaces the file as a whole. Only one process at a time may do it.
 * @throws Agent33Error `audit.bad_head` where it cannot be written
 */
export function writeHeads(path: string, heads: ReadonlyMap<string, SignedPlace>): void {
  const sorted = [...heads.values()].sort((one, other) => (one.tenant < other.tenant ? -1 : 1));
  const text = JSON.stringify({ format: formatName, version: 1, heads: sorted }, undefined, 1);
  const fresh = `${path}.new`;
  try {
    const file = openSync(fresh, "w", 0o600);
    try {
      writeSync(file, `${text}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
  } catch (cause) {
    throw badHead(path, cause);
  }
}

function badHead(path: string, cause: unknown): Agent33Error {
  const why = cause instanceof z.ZodError ? "it is no head file" : messageOf(cause);
  return new Agent33Error(
    "audit.bad_head",
    `The audit's head file ${path} cannot be used: ${why}.`,
    {
      hint: "Find out who changed it and run `agent33 audit verify` with a copy that is kept elsewhere (--head FILE). Once it is removed, the next process begins a new one.",
      details: { path },
      cause,
    },
  );
}
