import type { CallOptions, Result } from "./call.ts";
import type { Transport } from "./transport.ts";

/** Whose page this is, and until when. */
export interface Session {
  readonly tenant: string;
  readonly user: string;
  /** The key's id, which is no secret. */
  readonly key: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the Unix epoch; null for a request with a key, which is no session. */
  readonly expiresAt: number | null;
  /** The server's version. */
  readonly version: string;
}

/** What pages sign in with. The session itself is a cookie that no script can read. */
export interface Sessions {
  /** Gives the browser a session for a key. The key is sent this once and kept nowhere. */
  signIn(key: string, options?: CallOptions): Promise<Result<Session>>;
  /** Who asks; undefined where nobody is signed in. */
  whoAmI(options?: CallOptions): Promise<Result<Session | undefined>>;
  /** Takes the session from the browser. */
  signOut(options?: CallOptions): Promise<Result<undefined>>;
}

const path = "/session";

export function createSessions(transport: Transport): Sessions {
  return {
    signIn: (key, options = {}) =>
      transport.json({
        method: "POST",
        path,
        headers: { authorization: `Bearer ${key}` },
        ...options,
      }),
    whoAmI: (options = {}) => transport.json({ method: "GET", path, ...options }),
    signOut: (options = {}) => transport.json({ method: "DELETE", path, ...options }),
  };
}
