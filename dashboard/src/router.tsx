import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";

/** Where the page is. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const listeners = new Set<() => void>();
window.addEventListener("popstate", () => told());

function told(): void {
  for (const listener of listeners) listener();
}

/** Goes to another place of this page. @param replace whether the place before is left out of the history */
export function go(to: string, replace = false): void {
  if (to === `${location.pathname}${location.search}`) return;
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  told();
  if (!replace) window.scrollTo(0, 0);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Where the page is now. */
export function usePlace(): Place {
  const text = useSyncExternalStore(subscribe, () => `${location.pathname}${location.search}`);
  const [path = "/", query = ""] = text.split("?");
  return { path, query: new URLSearchParams(query) };
}

/** Sets words of the query and leaves the others; an empty one is taken away. */
export function setQuery(words: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, word] of Object.entries(words)) {
    if (word === "") query.delete(name);
    else query.set(name, word);
  }
  go(query.size === 0 ? location.pathname : `${location.pathname}?${query.toString()}`, true);
}

/** A link within the page; opened elsewhere (a new tab) it is an ordinary link. */
export function Link({
  href,
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const click = (event: MouseEvent): void => {
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!isPlain || event.defaultPrevented) return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={click} {...rest} />;
}
