import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import { Agent33Error } from "../base/errors.ts";
import type { Authenticator, Caller } from "./caller.ts";
import type { RateLimits } from "./rate-limits.ts";
import { requireOwnPage, sessionCookie, takeCookie } from "./session-cookie.ts";
import type { Session, Sessions } from "./sessions.ts";

/** What says who asks. */
export interface Proofs {
  readonly authenticator: Authenticator;
  readonly limits: RateLimits;
  readonly sessions: Sessions;
}

/**
 * Who makes a request: by its key or token, or where it has none by the session of the dashboard.
 * @throws Agent33Error `api.unauthenticated`, `api.rate_limited`, `api.cross_origin`
 */
export async function callerOf(c: Context, proofs: Proofs): Promise<Caller> {
  const { authenticator } = proofs;
  const token = bearerOf(c);
  if (token === undefined) return (await sessionOf(c, proofs)).caller;
  return proved(c, proofs, () => authenticator.authenticate(token));
}

/**
 * What a key or a token proves.
 * @param prove gives undefined for what proves nothing
 * @throws Agent33Error `api.unauthenticated`, `api.rate_limited`
 */
export async function proved<T>(
  c: Context,
  { limits }: Pick<Proofs, "limits">,
  prove: () => Promise<T | undefined>,
): Promise<T> {
  const address = addressOf(c);
  await limits.mayProve(address);
  const found = await prove();
  if (found !== undefined) return found;
  await limits.failed(address);
  throw unauthenticated(
    c,
    "The key or token of the request does not hold: it is unknown, expired or revoked.",
  );
}

/**
 * The session of a request without a key.
 * @throws Agent33Error `api.unauthenticated`, `api.cross_origin`
 */
async function sessionOf(c: Context, { sessions }: Pick<Proofs, "sessions">): Promise<Session> {
  const cookie = sessionCookie(c);
  if (cookie === undefined) throw unauthenticated(c, "The request has no key.");
  requireOwnPage(c);
  const session = await sessions.find(cookie);
  if (session !== undefined) return session;
  // The page is told to ask for a key, and sends this no more.
  takeCookie(c);
  throw unauthenticated(c, "The session is over, or its key holds no more.");
}

/** What stands after `Bearer`: undefined without such a header, and empty for what is none. */
export function bearerOf(c: Context): string | undefined {
  const header = c.req.header("authorization");
  if (header === undefined) return undefined;
  return /^Bearer ([\w.~+/=-]{1,8192})$/i.exec(header)?.[1] ?? "";
}

function unauthenticated(c: Context, what: string): Agent33Error {
  c.header("www-authenticate", "Bearer");
  return new Agent33Error("api.unauthenticated", what, {
    hint: "Send `Authorization: Bearer KEY`; agent33 keys create makes a key.",
  });
}

/** Requests that came over no socket are all of one address. */
function addressOf(c: Context): string {
  return c.env === undefined || !("incoming" in (c.env as object))
    ? "here"
    : (getConnInfo(c).remote.address ?? "unknown");
}
