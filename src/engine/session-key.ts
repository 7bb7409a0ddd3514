import { readFileSync } from "node:fs";
import { join } from "node:path";
import { putNewFile } from "../base/disk.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";
import type { Random } from "../base/random.ts";

/** Bytes of the key: as many as the digests that are made with it (RFC 7518, section 3.2). */
const keyBytes = 32;

/** The key that sessions of the dashboard are signed with, within the data folder. */
export function sessionKeyPath(dataDir: string): string {
  return join(dataDir, "keys", "session.key");
}

/**
 * That key, made where there is none, for this user's eyes only. Of several processes that make one
 * at once, all get the same.
 * @throws Agent33Error `engine.bad_session_key`
 */
export function takeSessionKey(dataDir: string, random: Random): Uint8Array {
  const path = sessionKeyPath(dataDir);
  return found(path) ?? put(path, random.bytes(keyBytes));
}

function found(path: string): Uint8Array | undefined {
  let key: Uint8Array;
  try {
    key = readFileSync(path);
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return undefined;
    throw badKey(path, messageOf(cause), cause);
  }
  if (key.byteLength === keyBytes) return key;
  throw badKey(path, `it has ${key.byteLength} bytes instead of ${keyBytes}`);
}

function put(path: string, key: Uint8Array): Uint8Array {
  try {
    if (putNewFile(path, key)) return key;
  } catch (cause) {
    throw badKey(path, messageOf(cause), cause);
  }
  return found(path) ?? put(path, key);
}

function badKey(path: string, reason: string, cause?: unknown): Agent33Error {
  return new Agent33Error(
    "engine.bad_session_key",
    `The key of the dashboard's sessions cannot be used: ${reason}.`,
    {
      hint: "See who may read and write it, or remove it: everybody then signs in anew.",
      details: { path },
      cause,
    },
  );
}
