import type { Tell } from "./irregularities.ts";

/** Controls other than tab and line ends. */
const controls = /(?![\t\n\r])\p{Cc}/gu;
/** Signs that turn the direction of writing around, and tags: both hide text from a reader. */
const hidden = /[\u202A-\u202E\u2066-\u2069]|[\u{E0000}-\u{E007F}]/gu;

/** The text of a file as it can be shown to a model: UTF-8 or, with a mark, UTF-16; no controls. */
export function plainText(bytes: Uint8Array, tell: Tell): string {
  const decoded = decode(bytes, tell);
  const found = decoded.match(controls)?.length ?? 0;
  if (found > 0) tell("control_characters", `it has ${found} control characters`);
  const unseen = decoded.match(hidden)?.length ?? 0;
  if (unseen > 0) tell("hidden_characters", `it has ${unseen} characters that nobody sees`);
  return found > 0 ? decoded.replaceAll(controls, "") : decoded;
}

function decode(bytes: Uint8Array, tell: Tell): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) {
    tell("encoding", "it is UTF-16");
    return new TextDecoder("utf-16le").decode(bytes);
  }
  const text = new TextDecoder("utf-8").decode(bytes);
  // A file may hold the replacement character itself, which is no fault of its encoding.
  if (text.includes("\uFFFD") && !Buffer.from(text, "utf8").equals(Buffer.from(bytes))) {
    tell("encoding", "it is not UTF-8; what could not be read stands as \uFFFD");
  }
  return text;
}
