import { withoutUnseen } from "../../base/outside.ts";

/** Text that is HTML already. Made by {@link html} only, so that nothing gets in unescaped. */
export interface Markup {
  readonly markup: string;
}

type Piece = Markup | string | number | readonly Piece[];

/**
 * HTML from a template: what stands in its text is markup, what is put into it is text, and escaped
 * for the content of an element and for a quoted attribute alike.
 */
export function html(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const markup = texts.reduce(
    (all, text, index) => `${all}${index === 0 ? "" : markupOf(pieces[index - 1] ?? "")}${text}`,
    "",
  );
  return { markup };
}

function markupOf(piece: Piece): string {
  if (typeof piece === "number") return String(piece);
  if (typeof piece === "string") return escapeHtml(piece);
  return "markup" in piece ? piece.markup : piece.map(markupOf).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** Escapes a text from outside; what HTML has no character for is left out. */
export function escapeHtml(text: string): string {
  return (
    withoutUnseen(text)
      // oxlint-disable-next-line no-control-regex -- control characters are exactly what is taken out
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, "")
      .replace(/[&<>"'`]/g, (sign) => entities[sign] ?? "")
  );
}
