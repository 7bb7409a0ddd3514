import type { ToolOutput } from "../../tools/tool.ts";
import { fromOutside } from "../../base/outside.ts";
import type { Reading } from "./reading.ts";

/** A part of a document that was fetched, with what a reader must know of it. */
export interface Fetched {
  readonly asked: string;
  /** Where it really came from. */
  readonly url: string;
  readonly contentType: string;
  readonly reading: Reading;
  readonly offset: number;
  readonly maxCharacters: number;
}

/** Of what a page says of itself beside its text, in characters. */
const longestFact = 300;

/** The document for a model, with where it came from and where to read on. */
export function present(fetched: Fetched): ToolOutput {
  const { asked, url, reading, offset, maxCharacters } = fetched;
  const { text, notes } = reading;
  const title = reading.title?.replaceAll(/\s+/g, " ").slice(0, longestFact);
  const contentType = fetched.contentType.slice(0, longestFact);
  const end = endOf(text, offset, maxCharacters);
  const part = text.slice(offset, end);
  const nextOffset = end < text.length ? end : undefined;
  const head = [
    `url: ${url}`,
    ...(url === asked ? [] : [`asked for: ${asked}`]),
    ...(title === undefined ? [] : [`title: ${title}`]),
    `type: ${contentType === "" ? "not said" : contentType}`,
    `characters: ${Math.min(offset, text.length)} to ${end} of ${text.length}`,
    ...(nextOffset === undefined ? [] : [`next_offset: ${nextOffset}`]),
    ...notes.map((note) => `note: ${note}`),
  ];
  return {
    content: fromOutside(head, part),
    isError: false,
    structured: {
      url,
      title: title ?? null,
      characters: text.length,
      offset,
      next_offset: nextOffset ?? null,
    },
  };
}

/** At most so far; better at the end of a line, and never within a character. */
function endOf(text: string, offset: number, maxCharacters: number): number {
  const most = offset + maxCharacters;
  if (most >= text.length) return text.length;
  const line = text.lastIndexOf("\n", most);
  if (line > offset + maxCharacters / 2) return line + 1;
  const code = text.charCodeAt(most - 1);
  const splits = code >= 0xd800 && code <= 0xdbff;
  return splits ? most - 1 : most;
}
