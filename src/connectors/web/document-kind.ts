/** What a document is read as. */
export type DocumentKind = "html" | "pdf" | "docx" | "text";

/** Types whose bytes are no text, whatever they are; nothing of them is fetched. */
export function isMedia(contentType: string): boolean {
  return /^\s*(image\/(?!svg)|audio\/|video\/|font\/)/i.test(contentType);
}

/**
 * What a document is, by its bytes before its type, which servers often get wrong; undefined for
 * what no reader here knows.
 */
export function documentKind(bytes: Uint8Array, contentType: string): DocumentKind | undefined {
  const start = Buffer.from(bytes.subarray(0, 1024)).toString("latin1");
  if (start.includes("%PDF-")) return "pdf";
  if (start.startsWith("PK\u0003\u0004")) {
    const word = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return word.includes("word/document.xml") ? "docx" : undefined;
  }
  if (/^\s*(?:text\/html|application\/xhtml\+xml)/i.test(contentType)) return "html";
  if (
    /^\s*(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|yaml|javascript)\b|image\/svg)/i.test(
      contentType,
    )
  )
    return "text";
  if (/^\W*<(?:!doctype html|html|head|body)\b/i.test(start)) return "html";
  return looksLikeText(bytes) ? "text" : undefined;
}

function looksLikeText(bytes: Uint8Array): boolean {
  // The end may stand in the middle of a character.
  const sample = bytes.subarray(0, 64 * 1024);
  const text = new TextDecoder("utf-8").decode(sample, { stream: true });
  // oxlint-disable-next-line no-control-regex -- bytes that no text has
  return !/[\u0000-\u0008\u000e-\u001a\ufffd]/.test(text);
}
