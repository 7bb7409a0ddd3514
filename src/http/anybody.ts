import type { Config } from "../config/config.ts";
import type { Caller } from "./caller.ts";
import { isLoopback } from "./listen.ts";
import type { Route } from "./route.ts";

/**
 * Who reads figures that are open to this machine; undefined where a key is needed. A page of elsewhere
 * whose name was made to lead here names its own host, and gets nothing.
 * @param url of the request
 */
export function anybody(
  url: string,
  { scope }: Pick<Route, "scope">,
  { settings }: Pick<Config, "settings">,
): Caller | undefined {
  if (scope !== "metrics:read" || settings.serve.metrics !== "open") return undefined;
  if (!isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ""))) return undefined;
  return { tenant: settings.tenant, user: "anybody", key: "none", scopes: new Set([scope]) };
}
