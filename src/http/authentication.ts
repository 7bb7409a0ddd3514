import type { ApiKey, ApiKeys } from "../engine/api-keys.ts";
import type { Authenticator, Caller } from "./caller.ts";
import { isGrantable } from "./scopes.ts";

/**
 * Says who asks by an API key or, where the settings take them, a token of an identity provider.
 * @param tokens what tokens prove
 */
export function authenticatorOf(
  keys: Pick<ApiKeys, "check">,
  tokens?: Authenticator,
): Authenticator {
  return {
    authenticate: async (text) => {
      if (text.split(".").length === 3) return tokens?.authenticate(text);
      const key = await keys.check(text);
      return key === undefined ? undefined : callerOfKey(key);
    },
  };
}

/** Who asks with a key. */
export function callerOfKey({ forTenant: tenant, forUser: user, id, scopes }: ApiKey): Caller {
  // A scope of another version is a right that nobody has here.
  return { tenant, user, key: id, scopes: new Set(scopes.filter(isGrantable)) };
}
