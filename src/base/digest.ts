import { hash } from "node:crypto";
import { canonicalJson } from "./json.ts";

/** SHA-256 of a text or of bytes, in hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** SHA-256 of a value's canonical JSON (RFC 8785), in hexadecimal. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}
