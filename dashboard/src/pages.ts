import { type ComponentType, lazy, type LazyExoticComponent } from "react";

/** What every page is given: the part of its path that names one thing, and nothing else. */
export interface PageProps {
  readonly id: string;
}

/** One page: its place, and what it needs. */
export interface Page {
  /** A path; `/:id` at its end stands for one thing. */
  readonly path: string;
  readonly title: string;
  /** The right without which there is nothing to see. */
  readonly scope: string;
  /** The key after `g` that leads there; only pages with one stand in the navigation. */
  readonly key?: string;
  readonly View: LazyExoticComponent<ComponentType<PageProps>>;
}

/** A page is loaded when it is first opened. Another one is a file in pages/, and its line here. */
const page = (load: () => Promise<ComponentType<PageProps>>) =>
  lazy(async () => ({ default: await load() }));

export const pages: readonly Page[] = [
  {
    path: "/",
    title: "Now",
    scope: "runs:read",
    key: "n",
    View: page(async () => (await import("./pages/now.tsx")).Now),
  },
  {
    path: "/runs",
    title: "Runs",
    scope: "runs:read",
    key: "r",
    View: page(async () => (await import("./pages/runs.tsx")).Runs),
  },
  {
    path: "/runs/:id",
    title: "Run",
    scope: "runs:read",
    View: page(async () => (await import("./pages/run.tsx")).RunPage),
  },
  {
    path: "/approvals",
    title: "Approvals",
    scope: "approvals:read",
    key: "a",
    View: page(async () => (await import("./pages/approvals.tsx")).Approvals),
  },
  {
    path: "/connectors",
    title: "Connectors",
    scope: "connectors:read",
    key: "c",
    View: page(async () => (await import("./pages/connectors.tsx")).Connectors),
  },
  {
    path: "/store",
    title: "Store and health",
    scope: "settings:read",
    key: "s",
    View: page(async () => (await import("./pages/store.tsx")).Store),
  },
];

/** The page of a path, with what it names; undefined where there is none. */
export function pageOf(path: string): { readonly page: Page; readonly id: string } | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  for (const page of pages) {
    const wanted = page.path.split("/").filter((part) => part !== "");
    if (wanted.length !== parts.length) continue;
    if (!wanted.every((part, at) => part === ":id" || part === parts[at])) continue;
    const named = wanted.indexOf(":id");
    return { page, id: named === -1 ? "" : decoded(parts[named] ?? "") };
  }
  return undefined;
}

/** A part of a path as it was meant; as it stands where it is badly spelt. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
