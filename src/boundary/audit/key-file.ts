import { readFileSync } from "node:fs";
import { join } from "node:path";
import { putNewFile } from "../../base/disk.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { type AuditKey, makeKey, readKey, readPublicKey } from "./signing.ts";

/** The private key that signs the audit's chain, within the data folder. */
export function keyPath(dataDir: string): string {
  return join(dataDir, "keys", "audit-ed25519.pem");
}

/**
 * The key of a data folder, if it has one.
 * @throws Agent33Error `audit.bad_key`
 */
export function findKey(dataDir: string): AuditKey | undefined {
  const path = keyPath(dataDir);
  try {
    return readKey(readFileSync(path, "utf8"));
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return undefined;
    throw badKey(path, cause);
  }
}

/**
 * The key of a data folder, made where there is none. Of several processes that make one at once,
 * all get the same.
 * @throws Agent33Error `audit.bad_key`
 */
export function takeKey(dataDir: string): AuditKey {
  return findKey(dataDir) ?? putKey(dataDir, makeKey());
}

function putKey(dataDir: string, key: AuditKey): AuditKey {
  const path = keyPath(dataDir);
  try {
    if (putNewFile(path, key.privatePem)) return key;
  } catch (cause) {
    throw badKey(path, cause);
  }
  return takeKey(dataDir);
}

/**
 * A public key from a file.
 * @throws Agent33Error `audit.bad_key`
 */
export function readPublicKeyFile(path: string): ReturnType<typeof readPublicKey> {
  try {
    return readPublicKey(readFileSync(path, "utf8"));
  } catch (cause) {
    throw badKey(path, cause);
  }
}

function badKey(path: string, cause: unknown): Agent33Error {
  return new Agent33Error(
    "audit.bad_key",
    `The key ${path} cannot be used: ${systemCodeOf(cause) ?? messageOf(cause)}.`,
    {
      hint: "It is an Ed25519 key in PEM that this user may read. Bring it back from a backup; without it, what it signed can only be checked with its public key.",
      details: { path },
      cause,
    },
  );
}
