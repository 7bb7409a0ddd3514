import { createCipheriv, createDecipheriv } from "node:crypto";
import { z } from "zod";
import { attempt } from "../../base/result.ts";
import type { Random } from "../../base/random.ts";

const base64 = z.base64();
const boxSchema = z.strictObject({ iv: base64, data: base64, tag: base64 });
type Box = z.infer<typeof boxSchema>;

/** A value under a key of its own, and that key under the master key. Nothing in it is secret. */
export const sealedSchema = z.strictObject({
  /** Which master key the own key is under. */
  keyId: z.string(),
  wrapped: boxSchema,
  value: boxSchema,
});
export type Sealed = z.infer<typeof sealedSchema>;

/** Whose secret it is: an envelope opens for no other tenant and under no other name. */
export interface Owner {
  readonly tenant: string;
  readonly name: string;
}

/** AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D); each own key seals one value once. */
const cipher = "aes-256-gcm";

function put(key: Buffer, content: Buffer, about: Buffer, random: Random): Box {
  const iv = Buffer.from(random.bytes(12));
  const sealing = createCipheriv(cipher, key, iv).setAAD(about);
  const data = Buffer.concat([sealing.update(content), sealing.final()]);
  return {
    iv: iv.toString("base64"),
    data: data.toString("base64"),
    tag: sealing.getAuthTag().toString("base64"),
  };
}

function take(key: Buffer, { iv, data, tag }: Box, about: Buffer): Buffer | undefined {
  const opened = attempt(() => {
    const opening = createDecipheriv(cipher, key, Buffer.from(iv, "base64"), { authTagLength: 16 });
    opening.setAAD(about).setAuthTag(Buffer.from(tag, "base64"));
    return Buffer.concat([opening.update(Buffer.from(data, "base64")), opening.final()]);
  });
  return opened.ok ? opened.value : undefined;
}

/** The parts are told apart by their lengths: no two owners give the same bytes. */
function about(what: "key" | "value", { tenant, name }: Owner): Buffer {
  return Buffer.from(JSON.stringify(["agent33-secret/1", what, tenant, name]));
}

interface Master {
  readonly key: Buffer;
  readonly id: string;
}

/** Seals a value under a fresh key of its own. */
export function seal(value: string, owner: Owner, master: Master, random: Random): Sealed {
  const own = Buffer.from(random.bytes(32));
  return {
    keyId: master.id,
    wrapped: put(master.key, own, about("key", owner), random),
    value: put(own, Buffer.from(value), about("value", owner), random),
  };
}

/** Opens what was sealed; undefined for another key, another owner, or what was changed. */
export function unseal(sealed: Sealed, owner: Owner, master: Master): string | undefined {
  const own = take(master.key, sealed.wrapped, about("key", owner));
  return own && take(own, sealed.value, about("value", owner))?.toString("utf8");
}

/** The same value under another master key; undefined where it cannot be opened. */
export function rewrap(
  sealed: Sealed,
  owner: Owner,
  [from, to]: readonly [Master, Master],
  random: Random,
): Sealed | undefined {
  const own = take(from.key, sealed.wrapped, about("key", owner));
  if (own === undefined) return undefined;
  return { ...sealed, keyId: to.id, wrapped: put(to.key, own, about("key", owner), random) };
}
