import { sha256 } from "./digest.ts";
import type { JsonValue } from "./errors.ts";

/**
 * Takes secrets out of texts before they are logged, shown or sent to a model, and puts them back
 * where they are used. A secret becomes a named placeholder; a name belongs to one value.
 */
export interface Redactor {
  /**
   * From now on the value is replaced by `[secret:NAME]`. Values under 12 characters are not
   * taken: they could be ordinary words.
   */
  register(name: string, value: string): void;
  /** The text with placeholders. What only looks like a credential gets a name made of its digest. */
  text(text: string): string;
  /** A deep copy with every string redacted, and every value under a secret-looking key hidden. */
  value(value: JsonValue): JsonValue;
  /**
   * The text with the values of what only looked like a credential: whoever wrote the placeholder
   * had been shown that text. Registered secrets are never given out this way, or writing a name
   * would be enough to get a key.
   */
  reveal(text: string): string;
  /** The first placeholder that {@link reveal} cannot or must not replace. */
  withheld(text: string): string | undefined;
}

/**
 * Shapes of credentials that are hidden even if nobody registered them. Sources: the public
 * descriptions of each vendor's key format, and RFC 6750 for bearer tokens.
 */
const knownShapes: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: "api-key", pattern: /\bsk-[A-Za-z0-9_-]{20,}\b/g },
  {
    name: "github-token",
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})\b/g,
  },
  { name: "aws-key", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { name: "google-key", pattern: /\bAIza[A-Za-z0-9_-]{35}\b/g },
  { name: "slack-token", pattern: /\bxox[abprs]-[A-Za-z0-9-]{10,}/g },
  { name: "bearer", pattern: /(?<=\bBearer\s)(?=[A-Za-z._~+/-]*\d)[A-Za-z0-9._~+/-]{16,}=*/gi },
  {
    name: "private-key",
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
  },
];

const secretKey =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[_-]?key|password|passwd|secret|client[_-]?secret|access[_-]?token|refresh[_-]?token)$/i;
const minimumSecretLength = 12;
const madePlaceholder = /\[secret:[a-z-]+:[0-9a-f]{8}\]/g;

export function createRedactor(): Redactor {
  const registered: (readonly [value: string, placeholder: string])[] = [];
  /** What only looked like a credential, by its placeholder. */
  const values = new Map<string, string>();
  const text = (input: string): string => {
    let output = input;
    for (const [value, placeholder] of registered) {
      output = output.replaceAll(value, () => placeholder);
    }
    for (const { name, pattern } of knownShapes) {
      output = output.replace(pattern, (found) => {
        const placeholder = `[secret:${name}:${sha256(found).slice(0, 8)}]`;
        values.set(placeholder, found);
        return placeholder;
      });
    }
    return output;
  };
  const value = (input: JsonValue): JsonValue => {
    if (typeof input === "string") return text(input);
    if (Array.isArray(input)) return input.map(value);
    if (typeof input !== "object" || input === null) return input;
    return Object.fromEntries(
      Object.entries(input).map(([key, item]) => [
        key,
        secretKey.test(key) && typeof item === "string" ? "[secret]" : value(item),
      ]),
    );
  };
  return {
    register: (name, secret) => {
      if (secret.length < minimumSecretLength) return;
      registered.push([secret, `[secret:${name}]`]);
      // The longest first, or a value that begins with another would show its rest.
      registered.sort(([one], [other]) => other.length - one.length);
    },
    text,
    value,
    reveal: (input) => {
      let output = input;
      for (const [placeholder, secret] of values) {
        output = output.replaceAll(placeholder, () => secret);
      }
      return output;
    },
    withheld: (input) =>
      registered.find(([, placeholder]) => input.includes(placeholder))?.[1] ??
      input.match(madePlaceholder)?.find((placeholder) => !values.has(placeholder)),
  };
}
