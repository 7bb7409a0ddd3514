import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { attempt } from "../base/result.ts";
import type { SealKeys } from "../base/seal.ts";
import { readReleaseSettings, releaseFile, type ReleaseSettings } from "./settings.ts";

/** @throws Agent33Error `release.bad_key` */
export function sealKeys({ signing }: ReleaseSettings, folder: string): SealKeys {
  const { privateKeyFile } = signing;
  const own =
    privateKeyFile === undefined ? undefined : keyIn(folder, privateKeyFile, createPrivateKey);
  return { signing: own, trusted: trustedKey({ signing }, folder) };
}

/**
 * The key that evidence must be signed with, where the settings name one.
 * @throws Agent33Error `release.bad_key`
 */
export function trustedKey(
  { signing: { publicKeyFile } }: Pick<ReleaseSettings, "signing">,
  folder: string,
): KeyObject | undefined {
  return publicKeyFile === undefined ? undefined : keyIn(folder, publicKeyFile, createPublicKey);
}

function keyIn(folder: string, file: string, read: (pem: Buffer) => KeyObject): KeyObject {
  const path = resolve(folder, file);
  try {
    const key = read(readFileSync(path));
    if (key.asymmetricKeyType === "ed25519") return key;
    throw new TypeError(`it is a key for ${key.asymmetricKeyType}`);
  } catch (cause) {
    throw new Agent33Error(
      "release.bad_key",
      `The key ${path} cannot be used: ${messageOf(cause)}`,
      {
        hint: "Make one with: openssl genpkey -algorithm ed25519 -out key.pem",
        cause,
      },
    );
  }
}

/** What a verdict is signed with, and what there is to say of it. */
export interface VerdictKeys {
  readonly keys: SealKeys;
  readonly notice?: string;
}

/**
 * The key that the release settings of a repository declare, for who judges in it: no settings or no
 * key means no signature, and so does a key that is not here, which is said.
 * @param top the repository's top folder
 * @throws Agent33Error `release.bad_settings`
 */
export function verdictKeys(top: string): VerdictKeys {
  if (!existsSync(join(top, releaseFile))) return { keys: {} };
  const { privateKeyFile } = readReleaseSettings(top).signing;
  if (privateKeyFile === undefined) return { keys: {} };
  const read = attempt(() => keyIn(top, privateKeyFile, createPrivateKey));
  if (read.ok) return { keys: { signing: read.value } };
  return { keys: {}, notice: `The verdict is not signed: ${messageOf(read.error)}` };
}
