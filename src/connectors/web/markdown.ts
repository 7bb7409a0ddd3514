import Turndown from "turndown";
import type { HtmlElement, HtmlNode } from "./html-tree.ts";

/** A tree of HTML as Markdown, with tables as in GitHub's. */
export function toMarkdown(root: object): string {
  const service = new Turndown({
    headingStyle: "atx",
    codeBlockStyle: "fenced",
    bulletListMarker: "-",
  });
  service.remove(["script", "style", "noscript", "title"]);
  service.addRule("images", {
    filter: "img",
    replacement: (_content, node) => {
      const name = attribute(node, "alt");
      const source = attribute(node, "src");
      if (source === "") return name;
      return `![${name.replaceAll(/[[\]\n]/g, " ")}](${source})`;
    },
  });
  service.addRule("cells", {
    filter: ["th", "td"],
    replacement: (content) =>
      ` ${content
        .trim()
        .replaceAll(/\s*\n+\s*/g, " ")
        .replaceAll("|", "\\|")} |`,
  });
  service.addRule("rows", {
    filter: "tr",
    replacement: (content, node) => {
      const row = `\n| ${content.trim()}`;
      if (!isFirstRow(node)) return row;
      const cells = [...(node as HtmlNode).childNodes].filter(isCell);
      return `${row}\n|${" --- |".repeat(cells.length)}`;
    },
  });
  service.addRule("tables", {
    filter: "table",
    replacement: (content) => `\n\n${content.trim().replaceAll(/\n{2,}/g, "\n")}\n\n`,
  });
  // Its types know the browser's nodes only; any tree with the same interface will do.
  return service.turndown(root as Parameters<Turndown["turndown"]>[0]).trim();
}

function attribute(node: HtmlNode, name: string): string {
  return ((node as HtmlElement).getAttribute(name) ?? "").trim();
}

const isCell = ({ nodeName }: HtmlNode): boolean => /^t[hd]$/i.test(nodeName);
const isRow = ({ nodeName }: HtmlNode): boolean => /^tr$/i.test(nodeName);
const isGroup = ({ nodeName }: HtmlNode): boolean => /^t(?:head|body)$/i.test(nodeName);

/** Whether a row is the first of its table, which Markdown has as the heading. */
function isFirstRow(row: HtmlNode): boolean {
  const above = row.parentNode;
  if (above === null || !isFirst(row, above, isRow)) return false;
  return !isGroup(above) || above.parentNode === null || isFirst(above, above.parentNode, isGroup);
}

function isFirst(node: HtmlNode, parent: HtmlNode, fits: (node: HtmlNode) => boolean): boolean {
  return [...parent.childNodes].find(fits) === node;
}
