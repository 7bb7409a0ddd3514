import { parseHTML } from "linkedom";
import { convertToHtml, images } from "mammoth";
import { toMarkdown } from "./markdown.ts";
import type { Reading } from "./reading.ts";

/** The text of a Word document as Markdown, without its pictures. */
export async function readDocx(bytes: Uint8Array): Promise<Reading> {
  const { value } = await convertToHtml(
    { buffer: Buffer.from(bytes) },
    { convertImage: images.imgElement(() => Promise.resolve({ src: "" })) },
  );
  const { document } = parseHTML(`<!doctype html><html><body>${value}</body></html>`);
  return { text: toMarkdown(document.documentElement), notes: [] };
}
