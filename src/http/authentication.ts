import type { ApiKeys } from "../engine/api-keys.ts";
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
      if (key === undefined) return undefined;
      const { forTenant: tenant, forUser: user, id, scopes } = key;
      // A scope of another version is a right that nobody has here.
      return {
        tenant,
        user,
        key: id,
        scopes: new Set(scopes.filter(isGrantable)),
      } satisfies Caller;
    },
  };
}
