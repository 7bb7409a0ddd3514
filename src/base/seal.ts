import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { digestOf, sha256 } from "./digest.ts";
import { canonicalJson } from "./json.ts";

/** Evidence with the digest of its canonical JSON (RFC 8785), signed where there is a key. */
export interface Sealed<T> {
  readonly body: T;
  /** SHA-256 of the body, in hexadecimal. */
  readonly digest: string;
  readonly signature?: {
    readonly algorithm: "ed25519";
    /** SHA-256 of the public key (SPKI, DER), in hexadecimal. */
    readonly key: string;
    /** Over the body's canonical JSON, in base64. */
    readonly value: string;
  };
}

/** The keys that evidence is signed and checked with. */
export interface SealKeys {
  readonly signing?: KeyObject | undefined;
  readonly trusted?: KeyObject | undefined;
}

const hex = z.string().regex(/^[0-9a-f]{64}$/);

/** The form of sealed evidence. */
export function sealedSchema<T>(body: z.ZodType<T>) {
  return z.strictObject({
    body,
    digest: hex,
    signature: z
      .strictObject({ algorithm: z.literal("ed25519"), key: hex, value: z.base64() })
      .exactOptional(),
  });
}

/** Seals evidence. */
export function seal<T>(body: T, { signing }: SealKeys): Sealed<T> {
  const digest = digestOf(body);
  if (signing === undefined) return { body, digest };
  const value = sign(null, Buffer.from(canonicalJson(body)), signing).toString("base64");
  return { body, digest, signature: { algorithm: "ed25519", key: fingerprint(signing), value } };
}

/** What is wrong with a seal; nothing where it holds. */
export function sealProblems(
  what: string,
  { body, digest, signature }: Sealed<unknown>,
  { trusted }: SealKeys,
): readonly string[] {
  if (digestOf(body) !== digest)
    return [`${what} was edited: its digest is not that of its content`];
  if (trusted === undefined) return [];
  if (signature === undefined) return [`${what} is not signed`];
  if (signature.key !== fingerprint(trusted)) return [`${what} is signed with another key`];
  const holds = verify(
    null,
    Buffer.from(canonicalJson(body)),
    trusted,
    Buffer.from(signature.value, "base64"),
  );
  return holds ? [] : [`the signature of ${what} does not fit its content`];
}

function fingerprint(key: KeyObject): string {
  const open = key.type === "private" ? createPublicKey(key) : key;
  return sha256(open.export({ type: "spki", format: "der" }));
}
