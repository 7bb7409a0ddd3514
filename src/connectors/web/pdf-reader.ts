import { getDocumentProxy } from "unpdf";
import { type Clock, systemClock } from "../../base/clock.ts";
import { longestReading, type Reading } from "./reading.ts";

/**
 * The text of a PDF, page by page, as far as the time allows.
 * @throws what pdf.js does of a document that it cannot open
 */
export async function readPdf(
  bytes: Uint8Array,
  longestMs: number,
  clock: Clock = systemClock,
): Promise<Reading> {
  const endAt = clock.monotonic() + longestMs;
  const document = await getDocumentProxy(bytes, {
    disableFontFace: true,
    useSystemFonts: false,
    stopAtErrors: false,
  });
  const { numPages } = document;
  const pieces: string[] = [];
  let characters = 0;
  let page = 1;
  for (; page <= numPages; page += 1) {
    if (clock.monotonic() > endAt || characters > longestReading) break;
    const opened = await document.getPage(page);
    const { items } = await opened.getTextContent();
    const text = items
      .map((item) => ("str" in item ? `${item.str}${item.hasEOL ? "\n" : ""}` : ""))
      .join("")
      .trim();
    opened.cleanup();
    characters += text.length;
    pieces.push(`[page ${page}]\n${text}`);
  }
  const { info } = await document.getMetadata();
  const title = "Title" in info && typeof info.Title === "string" ? info.Title.trim() : "";
  const notes = [`${numPages} pages.`];
  if (page <= numPages) notes.push(`Only the first ${page - 1} were read.`);
  if (characters === 0) notes.push("It has no text; its pages may be pictures.");
  return { ...(title === "" ? {} : { title }), text: pieces.join("\n\n"), notes };
}
