import { createHmac } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { resolve, sep } from "node:path";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import type { Settings } from "../../config/schema.ts";
import type { Host } from "../host.ts";

/** The key that all stored secrets are sealed under, and by which id they name it. */
export interface MasterKey {
  /** 32 bytes. */
  readonly key: Buffer;
  readonly id: string;
}

/** The variable that the key may stand in; the settings' file holds it otherwise. */
export const masterKeyVariable = "AGENT33_MASTER_KEY";

const makeOne = `Make one with: node -p "crypto.randomBytes(32).toString('base64')"`;

/**
 * The master key of the environment or of the file that the settings name; undefined where there is
 * none.
 * @throws Agent33Error `secrets.bad_key`, `secrets.key_beside_data`, `secrets.key_readable`
 */
export function masterKeyOf(settings: Settings, host: Host): MasterKey | undefined {
  const text = host.env[masterKeyVariable]?.trim();
  if (text !== undefined && text !== "") return masterKey(text, masterKeyVariable);
  const { keyFile } = settings.secrets;
  if (keyFile === undefined) return undefined;
  return masterKeyIn(resolve(host.cwd, keyFile), resolve(host.cwd, settings.data));
}

/**
 * The master key in a file that its owner alone can read, and that does not lie beside what it opens.
 * @throws Agent33Error as {@link masterKeyOf}
 */
export function masterKeyIn(path: string, dataDir: string): MasterKey {
  if (path.startsWith(`${dataDir}${sep}`)) {
    throw new Agent33Error(
      "secrets.key_beside_data",
      `The master key ${path} lies in the data folder: whoever takes the folder has both.`,
      { hint: "Keep it elsewhere, best on another disk, and name that place in secrets.keyFile." },
    );
  }
  let text: string;
  try {
    // Windows has no such bits, and says that everybody may read everything.
    if (sep === "/" && (statSync(path).mode & 0o077) !== 0) throw readable(path);
    text = readFileSync(path, "utf8").trim();
  } catch (cause) {
    if (cause instanceof Agent33Error) throw cause;
    throw new Agent33Error(
      "secrets.bad_key",
      `The master key ${path} cannot be read: ${messageOf(cause)}.`,
      { hint: `${makeOne}, write it there, and let only its owner read it.`, cause },
    );
  }
  return masterKey(text, path);
}

function readable(path: string): Agent33Error {
  return new Agent33Error("secrets.key_readable", `Others than its owner can read ${path}.`, {
    hint: `chmod 600 ${path}; if they may have read it, make another and run agent33 secrets rekey.`,
  });
}

/** @throws Agent33Error `secrets.bad_key`, never with what was given */
function masterKey(text: string, where: string): MasterKey {
  const key = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, "hex")
    : Buffer.from(/^[\w+/-]{43}=?$/.test(text) ? text : "", "base64");
  if (key.length !== 32) {
    throw new Agent33Error(
      "secrets.bad_key",
      `${where} does not hold a master key: 32 bytes in base64 or hexadecimal.`,
      { hint: makeOne },
    );
  }
  const id = createHmac("sha256", key).update("agent33 master key id").digest("hex").slice(0, 16);
  return { key, id };
}
