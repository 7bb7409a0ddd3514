import { sha256 } from "../base/digest.ts";
import type { Clock } from "../base/clock.ts";
import type { ApiKey, ApiKeys } from "../engine/api-keys.ts";
import { callerOfKey } from "./authentication.ts";
import type { Caller } from "./caller.ts";

/** Who is signed in, and until when. */
export interface Session {
  readonly caller: Caller;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** Sessions of the dashboard. Nothing is kept of them here: each says itself whose it is. */
export interface Sessions {
  /** A session for whoever has this key; undefined for a key that does not hold. */
  begin(secret: string): Promise<(Session & { readonly token: string }) | undefined>;
  /** Whose session this is; undefined for one that is forged, over, or of a key that holds no more. */
  find(token: string): Promise<Session | undefined>;
}

/** Loaded when somebody signs in: most starts see nobody do that. */
const library = () => import("jose");

/** How long nobody is asked for the key again. Milliseconds. */
export const sessionMs = 12 * 3_600_000;
const audience = "agent33:session";
const algorithm = "HS256";

/**
 * A session is a signed word (RFC 7519) that names a key and an end. The key is looked up at each
 * request: a session has the scopes that its key has now, and ends with it.
 * @param signingKey 32 bytes that nobody else has
 */
export function createSessions({
  keys,
  signingKey,
  clock,
}: {
  readonly keys: Pick<ApiKeys, "check" | "again">;
  readonly signingKey: Uint8Array;
  readonly clock: Clock;
}): Sessions {
  return {
    begin: async (secret) => {
      const key = await keys.check(secret);
      if (key === undefined) return undefined;
      const now = clock.now();
      // Whole seconds, which is all that a token says.
      const ends = Math.floor(Math.min(now + sessionMs, key.expiresAt ?? Infinity) / 1_000);
      const { SignJWT } = await library();
      const token = await new SignJWT({ mark: markOf(sha256(secret)) })
        .setProtectedHeader({ alg: algorithm })
        .setSubject(key.id)
        .setAudience(audience)
        .setIssuedAt(Math.floor(now / 1_000))
        .setExpirationTime(ends)
        .sign(signingKey);
      return { token, caller: callerOfKey(key), expiresAt: ends * 1_000 };
    },
    find: async (token) => {
      const told = await verified(token, signingKey, clock);
      if (told === undefined) return undefined;
      const key = await keys.again(told.id, (digest) => markOf(digest) === told.mark);
      if (key === undefined) return undefined;
      return { caller: callerOfKey(key), expiresAt: told.expiresAt };
    },
  };
}

/** Ties a session to the secret that it began with: a key that is rotated ends it. */
function markOf(digest: ApiKey["digest"]): string {
  return sha256(`${audience} ${digest}`);
}

async function verified(token: string, signingKey: Uint8Array, clock: Clock) {
  const { errors, jwtVerify } = await library();
  try {
    const { payload } = await jwtVerify(token, signingKey, {
      audience,
      algorithms: [algorithm],
      currentDate: new Date(clock.now()),
      requiredClaims: ["exp", "sub", "mark"],
    });
    const { sub: id, exp, mark } = payload;
    if (id === undefined || exp === undefined || typeof mark !== "string") return undefined;
    return { id, mark, expiresAt: exp * 1_000 };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}
