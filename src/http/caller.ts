import type { Principal } from "../base/principal.ts";
import type { GrantedScope } from "./scopes.ts";

/** Who makes a request, as a key or a token proved it. */
export interface Caller extends Pick<Principal, "tenant" | "user"> {
  /** The key's or the token's name: it stands in the audit and is no secret. */
  readonly key: string;
  readonly scopes: ReadonlySet<GrantedScope>;
}

/** Says who makes a request. */
export interface Authenticator {
  /**
   * @param token what stood after `Bearer` in the request
   * @returns undefined for what proves nothing: unknown, expired, revoked, forged
   */
  authenticate(token: string): Promise<Caller | undefined>;
}
