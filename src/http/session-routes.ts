import type { Context, Hono } from "hono";
import { Agent33Error } from "../base/errors.ts";
import { packageVersion } from "../base/version.ts";
import type { ApiEnvironment } from "./environment.ts";
import type { Caller } from "./caller.ts";
import {
  giveCookie,
  requireOwnPage,
  requireSafeOrigin,
  sessionCookie,
  takeCookie,
} from "./session-cookie.ts";
import { bearerOf, callerOf, proved, type Proofs } from "./who-asks.ts";

const path = "/session";

/** What a page is told of whoever is signed in. The client has the same form. */
function view({ tenant, user, key, scopes }: Caller, expiresAt: number | null) {
  return { tenant, user, key, scopes: [...scopes], expiresAt, version: packageVersion() };
}

/**
 * Signing in and out of the dashboard. They are no operations of the API: programs have a key, and
 * send it with each request.
 */
export function addSessionRoutes(app: Hono<ApiEnvironment>, proofs: Proofs): void {
  const { sessions } = proofs;
  app.post(path, async (c) => {
    // No page of another origin can send this header without being asked about it first.
    const secret = bearerOf(c);
    if (secret === undefined) throw noKey();
    if (c.req.header("sec-fetch-site") !== undefined) requireOwnPage(c);
    requireSafeOrigin(c);
    const begun = await proved(c, proofs, () => sessions.begin(secret));
    giveCookie(c, begun.token, begun.expiresAt);
    return c.json(view(begun.caller, begun.expiresAt), 201);
  });
  app.get(path, async (c) => {
    if (bearerOf(c) !== undefined) return c.json(view(await callerOf(c, proofs), null));
    // A page asks before anybody has signed in: that is no error.
    const cookie = sessionCookie(c);
    if (cookie === undefined) return c.body(null, 204);
    requireOwnPage(c);
    const session = await sessions.find(cookie);
    if (session !== undefined) return c.json(view(session.caller, session.expiresAt));
    takeCookie(c);
    return c.body(null, 204);
  });
  app.delete(path, (c) => signOut(c));
}

function signOut(c: Context): Response {
  requireOwnPage(c);
  takeCookie(c);
  return c.body(null, 204);
}

function noKey(): Agent33Error {
  return new Agent33Error("api.unauthenticated", "Nobody signs in without a key.", {
    hint: "Send an API key once, as `Authorization: Bearer KEY`; agent33 keys create makes one.",
  });
}
