/** Within this many bytes a document says its own character set (HTML standard, section 13.2.3.2). */
const prescanBytes = 1024;

/**
 * Text in the character set that it says it has: by its byte order mark, then by the type that it
 * was sent with, then by what an HTML or XML document says at its start. Where nobody says, UTF-8
 * if it is that, else Windows-1252, which every byte means something in. Labels are those of the
 * WHATWG Encoding standard.
 */
export function decodeText(bytes: Uint8Array, contentType: string): string {
  const label = byMark(bytes) ?? byType(contentType) ?? byDocument(bytes);
  return decoded(bytes, label ?? "utf-8", label === undefined) ?? new TextDecoder().decode(bytes);
}

function decoded(bytes: Uint8Array, label: string, guessed: boolean): string | undefined {
  try {
    // As a stream: where the document was cut, a character may be cut too.
    return new TextDecoder(label, { fatal: guessed }).decode(bytes, { stream: true });
  } catch {
    // A label that nobody knows, or a guess that was wrong.
    return guessed ? new TextDecoder("windows-1252").decode(bytes) : undefined;
  }
}

function byMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return first === 0xff && second === 0xfe ? "utf-16le" : undefined;
}

function byType(contentType: string): string | undefined {
  return /charset\s*=\s*["']?([^\s"';]+)/i.exec(contentType)?.[1];
}

function byDocument(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, prescanBytes)).toString("latin1");
  const found =
    /<meta[^>]{0,256}charset\s*=\s*["']?([^\s"'/>;]+)/i.exec(start) ??
    /^<\?xml[^>]{0,256}encoding\s*=\s*["']([^"']+)/i.exec(start);
  const label = found?.[1];
  // Whoever could be read up to here has not written in UTF-16.
  return label !== undefined && /^utf-?16/i.test(label) ? "utf-8" : label;
}
