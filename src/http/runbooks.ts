import { readdirSync, readFileSync } from "node:fs";
import type { Hono } from "hono";
import type { ApiEnvironment } from "./environment.ts";

const path = "/docs/operations/alerts/:page";

/** The pages of alerts, beside the sources and in the package alike. */
const pagesFolder = new URL("../../docs/operations/alerts/", import.meta.url);

/**
 * Serves what to do about each alert, under the path that rules and notices name, without a key: they are
 * part of the documentation.
 */
export function addRunbooks(app: Hono<ApiEnvironment>): void {
  let names: ReadonlySet<string> | undefined;
  app.get(path, (c, next) => {
    names ??= new Set(readdirSync(pagesFolder).filter((name) => name.endsWith(".md")));
    const name = c.req.param("page") ?? "";
    // Only names that are there: nothing that is asked for is ever a path of the machine.
    if (!names.has(name)) return next();
    c.header("cache-control", "public, max-age=3600");
    return c.text(readFileSync(new URL(name, pagesFolder), "utf8"));
  });
}
