import type { JsonValue } from "./errors.ts";

/** Takes secrets out of texts and values before they are logged, shown or sent to a model. */
export interface Redactor {
  /** From now on the value is replaced by `[secret:NAME]`. Values under 6 characters are refused. */
  register(name: string, value: string): void;
  text(text: string): string;
  /** A deep copy with every string redacted, and every value under a secret-looking key hidden. */
  value(value: JsonValue): JsonValue;
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
  { name: "bearer", pattern: /(?<=\bBearer\s)[A-Za-z0-9._~+/-]{16,}=*/gi },
  {
    name: "private-key",
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
  },
];

const secretKey =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[_-]?key|password|passwd|secret|client[_-]?secret|access[_-]?token|refresh[_-]?token)$/i;
const minimumSecretLength = 6;

export function createRedactor(): Redactor {
  const secrets = new Map<string, string>();
  const text = (input: string): string => {
    let output = input;
    for (const [value, name] of secrets) output = output.replaceAll(value, `[secret:${name}]`);
    for (const shape of knownShapes)
      output = output.replace(shape.pattern, `[secret:${shape.name}]`);
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
      // A very short value would turn ordinary words into placeholders.
      if (secret.length >= minimumSecretLength) secrets.set(secret, name);
    },
    text,
    value,
  };
}
