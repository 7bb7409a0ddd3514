/** How often a text is escaped into JSON within JSON and still known. */
const jsonLevels = 4;
/** Fewer characters of an encoded value could be part of anything. */
const leastEncoded = 12;

/**
 * The spellings in which a secret is looked for: as it is, in base64 and base64url (alone, and within
 * a longer text that was encoded, as in an `Authorization: Basic` header), in hexadecimal, percent
 * encoded, and escaped as JSON, a form or HTML has it. What is split, compressed, encrypted or encoded
 * twice is not among them.
 * @returns each form once, the longest first
 */
export function secretForms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, "utf8");
  const forms = [
    secret,
    ...jsonForms(secret),
    ...base64Forms(bytes),
    ...hexForms(bytes),
    ...percentForms(secret, bytes),
    htmlForm(secret),
    Array.from(secret, unicodeEscape).join(""),
  ];
  // The longest first, or a form that begins with another would show its rest.
  return [...new Set(forms)]
    .filter((form) => form === secret || form.length >= leastEncoded)
    .sort((one, other) => other.length - one.length);
}

function jsonForms(secret: string): readonly string[] {
  const forms: string[] = [];
  for (let level = 0, form = secret; level < jsonLevels; level += 1) {
    form = JSON.stringify(form).slice(1, -1);
    forms.push(form, form.replaceAll("/", "\\/"));
  }
  return forms;
}

/**
 * Three bytes are four characters: at each of three places where the secret may begin in what was
 * encoded, the characters that it alone decides. Its whole encoding comes besides.
 */
function base64Forms(bytes: Buffer): readonly string[] {
  const inside = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(first, last);
  });
  const whole = bytes.toString("base64");
  const standard = [whole, whole.replace(/=+$/, ""), ...inside];
  return standard.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

function hexForms(bytes: Buffer): readonly string[] {
  const hex = bytes.toString("hex");
  const pairs = hex.match(/../g) ?? [];
  return [
    hex,
    pairs.join(" "),
    pairs.join(":"),
    pairs.map((pair) => `\\x${pair}`).join(""),
  ].flatMap((form) => [form, form.replace(/[a-f]/g, (digit) => digit.toUpperCase())]);
}

function percentForms(secret: string, bytes: Buffer): readonly string[] {
  const lower = (text: string): string =>
    text.replace(/%[\dA-F]{2}/g, (code) => code.toLowerCase());
  const strict = Array.from(secret, (char) =>
    /[A-Za-z0-9_.~-]/.test(char) ? char : percents(Buffer.from(char)),
  ).join("");
  const usual = secret.isWellFormed() ? encodeURIComponent(secret) : strict;
  const form = new URLSearchParams({ x: secret }).toString().slice(2);
  return [usual, strict, form, percents(bytes)].flatMap((text) => [text, lower(text)]);
}

function percents(bytes: Buffer): string {
  return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0").toUpperCase()}`).join("");
}

function htmlForm(secret: string): string {
  return secret
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function unicodeEscape(char: string): string {
  return [...Array(char.length).keys()]
    .map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
