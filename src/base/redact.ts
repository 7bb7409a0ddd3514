import { sha256 } from "./digest.ts";
import type { JsonValue } from "./errors.ts";
import { secretForms } from "./secret-forms.ts";

/**
 * Takes secrets out of texts before they are logged, shown or sent to a model, and puts them back
 * where they are used. A secret becomes a named placeholder; a name belongs to one value.
 */
export interface Redactor {
  /**
   * From now on the value is replaced by `[secret:NAME]`, in each of its {@link secretForms}. Values
   * under 12 characters are not taken: they could be ordinary words.
   */
  register(name: string, value: string): void;
  /** The text with placeholders. What only looks like a credential gets a name made of its digest. */
  text(text: string): string;
  /**
   * The text without registered secrets, and whatever else looks like a credential as it is: for what
   * may be meant to be shown, such as a new key.
   */
  registered(text: string): string;
  /** A deep copy with every string redacted, and every value under a secret-looking key hidden. */
  value(value: JsonValue): JsonValue;
  /**
   * The text with the values of what only looked like a credential: whoever wrote the placeholder
   * had been shown that text. Registered secrets are never given out this way, or writing a name
   * would be enough to get a key.
   */
  reveal(text: string): string;
  /** Whether a registered secret stands somewhere in a file's bytes. */
  holds(bytes: Uint8Array): boolean;
  /** The first placeholder that {@link reveal} cannot or must not replace. */
  withheld(text: string): string | undefined;
  /**
   * Where the end of a text begins that may be the beginning of a registered secret; the text's length
   * where it is none. For texts that come in pieces.
   */
  openEnd(text: string): number;
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
  { name: "agent33-key", pattern: /\ba33_[A-Za-z0-9_-]{30,}/g },
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
  const registered: (readonly [form: string, placeholder: string])[] = [];
  const known = new Set<string>();
  /** What only looked like a credential, by its placeholder. */
  const values = new Map<string, string>();
  const withoutRegistered = (input: string): string => {
    let output = input;
    for (const [form, placeholder] of registered) {
      output = output.replaceAll(form, () => placeholder);
    }
    return registered.length === 0 ? output : withoutCut(output, registered);
  };
  const text = (input: string): string => {
    let output = withoutRegistered(input);
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
        text(key),
        secretKey.test(key) && typeof item === "string" ? "[secret]" : value(item),
      ]),
    );
  };
  return {
    register: (name, secret) => {
      if (secret.length < minimumSecretLength || known.has(secret)) return;
      known.add(secret);
      // What stands in JSON is JSON afterwards too.
      const placeholder = `[secret:${name.replace(/[^\w.:@-]/g, "_")}]`;
      for (const form of secretForms(secret)) {
        registered.push([form, placeholder]);
      }
      // The longest first, or a value that begins with another would show its rest.
      registered.sort(([one], [other]) => other.length - one.length);
    },
    text,
    registered: withoutRegistered,
    value,
    reveal: (input) => {
      let output = input;
      for (const [placeholder, secret] of values) {
        output = output.replaceAll(placeholder, () => secret);
      }
      return output;
    },
    holds: (bytes) => {
      if (registered.length === 0) return false;
      const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return registered.some(([form]) => content.includes(form));
    },
    openEnd: (input) =>
      registered.reduce(
        (at, [form]) => Math.min(at, input.length - begun(input, form)),
        input.length,
      ),
    withheld: (input) =>
      registered.find(([, placeholder]) => input.includes(placeholder))?.[1] ??
      input.match(madePlaceholder)?.find((placeholder) => !values.has(placeholder)),
  };
}

/** What is left of a secret that was cut is hidden if it is so many characters. */
const leastCut = 10;

/** Texts are cut at their end, or end in an ellipsis somewhere in a longer text. */
function withoutCut(text: string, forms: readonly (readonly [string, string])[]): string {
  const pieces = text.split("…");
  return pieces.map((piece) => endHidden(piece, forms)).join("…");
}

function endHidden(text: string, forms: readonly (readonly [string, string])[]): string {
  for (const [form, placeholder] of forms) {
    const at = text.lastIndexOf(form.slice(0, leastCut));
    if (at >= 0 && text.length - at < form.length && form.startsWith(text.slice(at))) {
      return `${text.slice(0, at)}${placeholder}`;
    }
  }
  return text;
}

/** How many characters at the end of a text are the beginning of a form, but not all of it. */
function begun(text: string, form: string): number {
  const first = form.charAt(0);
  const from = Math.max(0, text.length - form.length + 1);
  for (let at = text.indexOf(first, from); at >= 0; at = text.indexOf(first, at + 1)) {
    if (form.startsWith(text.slice(at))) return text.length - at;
  }
  return 0;
}
