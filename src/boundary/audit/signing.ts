import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { sha256 } from "../../base/digest.ts";
import { canonicalJson } from "../../base/json.ts";

/** A place of a tenant's chain, to be signed. */
export interface Place {
  readonly tenant: string;
  readonly position: number;
  /** The newest checkpoint before it, of a head also one at it; 0 where there is none. */
  readonly previous: number;
  readonly hash: string;
  /** When it was signed. Milliseconds since the Unix epoch. */
  readonly at: number;
}

export interface SignedPlace extends Place {
  readonly keyId: string;
  /** In hexadecimal. */
  readonly signature: string;
}

/** A checkpoint stands in the store, a head outside of it; one must not pass for the other. */
export type PlaceKind = "checkpoint" | "head";

/** Whoever can sign places. */
export interface AuditKey {
  readonly keyId: string;
  /** The public key in PEM. */
  readonly publicPem: string;
  /** The private key in PEM (PKCS 8). */
  readonly privatePem: string;
  sign(kind: PlaceKind, place: Place): SignedPlace;
}

/** Keys whose signatures are believed, by id. */
export type PublicKeys = ReadonlyMap<string, KeyObject>;

/** A new Ed25519 key. */
export function makeKey(): AuditKey {
  return keyOf(generateKeyPairSync("ed25519").privateKey);
}

/** The key in a PEM text; throws what Node's crypto throws. */
export function readKey(pem: string): AuditKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("it is no Ed25519 key");
  return keyOf(key);
}

/** The public key in a PEM text with its id; throws what Node's crypto throws. */
export function readPublicKey(pem: string): readonly [keyId: string, key: KeyObject] {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("it is no Ed25519 key");
  return [idOf(key), key];
}

function keyOf(privateKey: KeyObject): AuditKey {
  const publicKey = createPublicKey(privateKey);
  const keyId = idOf(publicKey);
  return {
    keyId,
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    sign: (kind, place) => {
      const signature = sign(null, signedBytes(kind, { ...place, keyId }), privateKey);
      return { ...place, keyId, signature: signature.toString("hex") };
    },
  };
}

/** The first half of the SHA-256 of the key's own spelling (SPKI), in hexadecimal. */
function idOf(publicKey: KeyObject): string {
  return sha256(publicKey.export({ type: "spki", format: "der" })).slice(0, 32);
}

function signedBytes(kind: PlaceKind, signed: Omit<SignedPlace, "signature">): Uint8Array {
  const { tenant, position, previous, hash, at, keyId } = signed;
  const said = { kind: `agent33-audit-${kind}`, tenant, position, previous, hash, at, keyId };
  return Buffer.from(canonicalJson(said), "utf8");
}

/** What a signature is worth. */
export function checkSignature(
  kind: PlaceKind,
  place: SignedPlace,
  keys: PublicKeys,
): "valid" | "invalid" | "unknown key" {
  const key = keys.get(place.keyId);
  if (key === undefined) return "unknown key";
  // One spelling each: a decoder that forgives would let a changed one pass.
  if (!/^[0-9a-f]{128}$/.test(place.signature)) return "invalid";
  const signature = Buffer.from(place.signature, "hex");
  return verify(null, signedBytes(kind, place), key, signature) ? "valid" : "invalid";
}
