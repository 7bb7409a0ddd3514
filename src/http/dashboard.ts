import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { gzipSync } from "node:zlib";
import type { Context, Hono, Next } from "hono";
import { systemCodeOf } from "../base/errors.ts";
import type { ApiEnvironment } from "./environment.ts";

/** One file of the page, as it goes out. */
export interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, made smaller; undefined where that gains nothing. */
  readonly gzip: Uint8Array<ArrayBuffer> | undefined;
  readonly type: string;
  readonly etag: string;
}

/** The files of the dashboard. */
export interface Dashboard {
  /** @param path below the page's root: `index.html`, `assets/x-HASH.js`; undefined where there is none */
  file(path: string): PageFile | undefined;
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

const buildCommand = "npm run build:dashboard";

/** What `npm run build:dashboard` makes, beside the sources and in the package alike. */
const buildFolder = new URL("../../dashboard/dist/", import.meta.url);

/** The page as it was built. Files are read when they are first asked for. */
export function builtDashboard(folder: URL = buildFolder): Dashboard {
  const files = new Map<string, PageFile>();
  let names: ReadonlySet<string> | undefined;
  return {
    file: (path) => {
      const known = files.get(path);
      if (known !== undefined) return known;
      // Only names that the build made: nothing that is asked for is ever a path of the machine.
      names ??= namesIn(folder);
      if (!names.has(path)) return undefined;
      const file = pageFile(path, new Uint8Array(readFileSync(new URL(path, folder))));
      files.set(path, file);
      return file;
    },
  };
}

function namesIn(folder: URL): ReadonlySet<string> {
  const all = (place: URL): readonly string[] => {
    try {
      return readdirSync(place);
    } catch (error) {
      // It was not built.
      if (systemCodeOf(error) === "ENOENT") return [];
      throw error;
    }
  };
  const assets = all(new URL("assets/", folder)).map((name) => `assets/${name}`);
  return new Set([...all(folder), ...assets].filter((name) => extname(name) in types));
}

function pageFile(path: string, bytes: Uint8Array<ArrayBuffer>): PageFile {
  const small = new Uint8Array(gzipSync(bytes, { level: 9 }));
  return {
    bytes,
    gzip: small.byteLength < bytes.byteLength ? small : undefined,
    type: types[extname(path)] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
  };
}

const icon = "favicon.svg";

/** Whether a request is for the page or one of its files: browsers ask for HTML where a person opens something. */
export function isOfPage(c: Context): boolean {
  const { path } = c.req;
  if (path === "/" || path.startsWith("/assets/") || path === `/${icon}`) return true;
  const isOfServer = /^\/(?:v\d+\/|docs|openapi\.json|session|metrics|health|readyz)/.test(path);
  return !isOfServer && c.req.header("accept")?.includes("text/html") === true;
}

/**
 * Serves the page at `/`, and to browsers at every path that it has itself. Paths of the API, and
 * whatever else no browser opens, are left to what comes after.
 */
export function addDashboard(app: Hono<ApiEnvironment>, dashboard: Dashboard): void {
  const named = (path: string, cache: string) => async (c: Context, next: Next) => {
    const file = dashboard.file(path === "" ? c.req.path.slice(1) : path);
    return file === undefined ? next() : send(c, file, cache);
  };
  // Their names change with what is in them.
  app.get("/assets/*", named("", "public, max-age=31536000, immutable"));
  app.get(`/${icon}`, named(icon, "public, max-age=86400"));
  app.get("*", async (c, next) => {
    if (!isOfPage(c) || c.req.path.startsWith("/assets/")) return next();
    const file = dashboard.file("index.html");
    if (file !== undefined) return send(c, file, "no-cache");
    return c.text(`The dashboard was not built: ${buildCommand}. The API is there: /docs.\n`, 404);
  });
}

function send(c: Context, { bytes, gzip, type, etag }: PageFile, cache: string): Response {
  c.header("cache-control", cache);
  c.header("etag", etag);
  c.header("vary", "accept-encoding");
  if (c.req.header("if-none-match")?.includes(etag) === true) return c.body(null, 304);
  c.header("content-type", type);
  const zipped = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "") ? gzip : undefined;
  if (zipped === undefined) return c.body(bytes);
  c.header("content-encoding", "gzip");
  return c.body(zipped);
}
