/** What is used here of the DOM, which this program's own types do not have. */
export interface HtmlNode {
  readonly nodeName: string;
  readonly childNodes: Iterable<HtmlNode>;
  readonly parentNode: HtmlNode | null;
}

export interface HtmlElement extends HtmlNode {
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
}

export interface HtmlDocument {
  readonly documentElement: HtmlElement;
  querySelector(selector: string): HtmlElement | null;
  querySelectorAll(selector: string): Iterable<HtmlElement>;
  cloneNode(deep: boolean): HtmlDocument;
}
