import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { Agent33Error } from "../base/errors.ts";
import { isLoopback } from "./listen.ts";

const name = "agent33";
/**
 * No script reads it, no page of another site has it sent, and no other host of the domain can set
 * it. Browsers take it over TLS, and without it from this machine only.
 */
const attributes = {
  prefix: "host",
  path: "/",
  secure: true,
  httpOnly: true,
  sameSite: "Strict",
} as const;

/** The session that a request carries, as it was given; undefined for none. */
export function sessionCookie(c: Context): string | undefined {
  return getCookie(c, name, "host");
}

/** @param expiresAt milliseconds since the Unix epoch */
export function giveCookie(c: Context, token: string, expiresAt: number): void {
  setCookie(c, name, token, { ...attributes, expires: new Date(expiresAt) });
}

export function takeCookie(c: Context): void {
  deleteCookie(c, name, attributes);
}

/**
 * Refuses what a page of another origin caused, where a cookie says who asks: browsers say where a
 * request comes from (Fetch Metadata, or the Origin header of those that do not know it).
 * @throws Agent33Error `api.cross_origin`
 */
export function requireOwnPage(c: Context): void {
  const site = c.req.header("sec-fetch-site");
  const origin = c.req.header("origin");
  // A person who opens an address causes `none`; with it nothing is changed.
  if (site === "same-origin" || (site === "none" && isSafe(c.req.method))) return;
  if (site === undefined) {
    if (origin === undefined && isSafe(c.req.method)) return;
    if (origin !== undefined && hostOf(origin) === c.req.header("host")) return;
  }
  throw new Agent33Error("api.cross_origin", "The request does not come from this server's page.", {
    hint: "Use the page that this server serves; a program sends `Authorization: Bearer KEY`.",
  });
}

/**
 * Refuses to give a session to a page from which it would be lost, or could be read on the way.
 * @throws Agent33Error `api.insecure_origin`
 */
export function requireSafeOrigin(c: Context): void {
  const origin = c.req.header("origin");
  if (origin === undefined) return;
  const { protocol, hostname } = parsed(origin) ?? { protocol: "", hostname: "" };
  if (protocol === "https:" || (protocol === "http:" && isLoopback(bare(hostname)))) return;
  throw new Agent33Error(
    "api.insecure_origin",
    "Nobody signs in over plain HTTP from another machine: the session could be read on the way.",
    { hint: "Open the page by https, or on the machine itself by 127.0.0.1." },
  );
}

function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function hostOf(origin: string): string | undefined {
  return parsed(origin)?.host;
}

function parsed(origin: string): URL | undefined {
  return URL.parse(origin) ?? undefined;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
