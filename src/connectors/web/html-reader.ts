import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import type { HtmlDocument } from "./html-tree.ts";
import { toMarkdown } from "./markdown.ts";
import { readPlainHtml } from "./plain-html.ts";
import type { Reading } from "./reading.ts";

/** Readability's time grows faster than with the square of this; people's pages nest 30 deep. */
const deepestNesting = 200;

/** What a page is about, or all of it, as Markdown with absolute links. */
export function readHtml(html: string, url: string, whole: boolean): Reading {
  const plain = readPlainHtml(html);
  if (plain.depth > deepestNesting) {
    return plainReading(
      plain,
      `Its elements are nested ${plain.depth} deep, so only its text was read.`,
    );
  }
  const document = documentOf(html);
  const titleOf = (given: string | null | undefined) => {
    const title = given?.trim() || plain.title;
    return title === undefined ? {} : { title };
  };
  tidy(document, url);
  if (!whole) {
    // It changes the document that it is given.
    const article = new Readability(document.cloneNode(true) as never, {
      serializer: (node) => node,
    }).parse();
    const main = article?.content;
    if (main instanceof Object) {
      const text = toMarkdown(main);
      if (text !== "") return { ...titleOf(article?.title), text, notes: [] };
    }
  }
  return {
    ...titleOf(undefined),
    text: toMarkdown(document.documentElement),
    notes: whole ? [] : ["No main part was found in it, so this is the whole page."],
  };
}

/** The parser does not add what authors may leave out, and all that follows looks for a body. */
function documentOf(html: string): HtmlDocument {
  const parse = (text: string) => parseHTML(text).document as unknown as HtmlDocument;
  const document = parse(html);
  const complete = document.querySelector("html > body") !== null;
  return complete ? document : parse(`<!doctype html><html><body>${html}</body></html>`);
}

/** The text of a page, without links and structure. */
export function plainReading(
  { title, text }: ReturnType<typeof readPlainHtml>,
  note: string,
): Reading {
  return { ...(title === undefined ? {} : { title }), text, notes: [note] };
}

/** Styles of an element's own that show nothing of it. */
const unseenStyle =
  /display\s*:\s*none|visibility\s*:\s*hidden|(?:opacity|font-size)\s*:\s*0+(?:\.0*)?(?![.\d])/i;

/** Takes out what nobody who looks at the page sees, and makes links absolute. */
function tidy(document: HtmlDocument, url: string): void {
  const hidden =
    "script, style, noscript, template, svg, iframe, object, [hidden], [aria-hidden='true']";
  for (const element of document.querySelectorAll(hidden)) element.remove();
  for (const element of document.querySelectorAll("[style]")) {
    if (unseenStyle.test(element.getAttribute("style") ?? "")) element.remove();
  }
  const base = URL.parse(document.querySelector("base")?.getAttribute("href") ?? "", url)?.href;
  for (const [selector, attribute] of [
    ["a[href]", "href"],
    ["img[src]", "src"],
  ] as const) {
    for (const element of document.querySelectorAll(selector)) {
      const target = URL.parse(element.getAttribute(attribute) ?? "", base ?? url);
      if (target !== null && /^(?:https?|mailto):$/.test(target.protocol))
        element.setAttribute(attribute, target.href);
      else element.removeAttribute(attribute);
    }
  }
}
