import { createHash, hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { canonicalJson } from "./json.ts";

/** SHA-256 of a text or of bytes, in hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** SHA-256 of a value's canonical JSON (RFC 8785), in hexadecimal. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** SHA-256 of a file's content, read in pieces, in hexadecimal, with its size in bytes. */
export function sha256OfFile(path: string): { readonly sha256: string; readonly bytes: number } {
  const digest = createHash("sha256");
  const piece = new Uint8Array(1024 * 1024);
  const handle = openSync(path, "r");
  try {
    let bytes = 0;
    for (;;) {
      const length = readSync(handle, piece);
      if (length === 0) return { sha256: digest.digest("hex"), bytes };
      digest.update(piece.subarray(0, length));
      bytes += length;
    }
  } finally {
    closeSync(handle);
  }
}
