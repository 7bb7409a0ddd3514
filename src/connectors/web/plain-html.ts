import { Tokenizer } from "htmlparser2";

/** Elements whose text no reader sees. */
const unseen = new Set([
  "script",
  "style",
  "noscript",
  "template",
  "svg",
  "title",
  "iframe",
  "object",
]);
/** Elements that begin and end a line. */
const blocks =
  /^(?:address|article|aside|blockquote|br|dd|div|dl|dt|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|td|th|tr|ul)$/;
/** Elements that have no end. */
const empty =
  /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|dt|dd|option|td|th|tr)$/;
const longestTitle = 500;

export interface PlainHtml {
  readonly title: string | undefined;
  readonly text: string;
  /** About how deep its elements are nested. */
  readonly depth: number;
}

/**
 * The text of a page and nothing else. One pass over its words without a tree, in time and memory
 * that grow with the page's length only: what is left for pages that were made to be hard to read.
 */
export function readPlainHtml(html: string): PlainHtml {
  const pieces: string[] = [];
  let title = "";
  let unseenIn: string | undefined;
  let depth = 0;
  let deepest = 0;
  let name = "";
  const add = (text: string): void => {
    if (unseenIn === undefined) pieces.push(text);
    else if (unseenIn === "title" && title.length < longestTitle) title += text;
  };
  const opened = (): void => {
    if (blocks.test(name)) add("\n");
    if (empty.test(name)) return;
    depth += 1;
    deepest = Math.max(deepest, depth);
    if (unseen.has(name)) unseenIn ??= name;
  };
  const ignore = (): void => undefined;
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      ontext: (start, end) => add(html.slice(start, end).replace(/\s+/g, " ")),
      ontextentity: (codepoint) => add(String.fromCodePoint(codepoint)),
      onopentagname: (start, end) => {
        name = html.slice(start, Math.min(end, start + 32)).toLowerCase();
      },
      onopentagend: opened,
      onselfclosingtag: () => {
        if (blocks.test(name)) add("\n");
      },
      onclosetag: (start, end) => {
        const closed = html.slice(start, Math.min(end, start + 32)).toLowerCase();
        if (!empty.test(closed)) depth = Math.max(0, depth - 1);
        if (closed === unseenIn) unseenIn = undefined;
        if (blocks.test(closed)) add("\n");
      },
      onattribdata: ignore,
      onattribentity: ignore,
      onattribend: ignore,
      onattribname: ignore,
      oncdata: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onprocessinginstruction: ignore,
      onend: ignore,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  const text = pieces
    .join("")
    .replace(/ {2,}/g, " ")
    .replace(/ ?\n[ \n]*/g, "\n")
    .trim();
  const shown = title.replace(/\s+/g, " ").trim().slice(0, longestTitle);
  return { title: shown === "" ? undefined : shown, text, depth: deepest };
}
