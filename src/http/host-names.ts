import type { MiddlewareHandler } from "hono";
import { Agent33Error } from "../base/errors.ts";
import type { Settings } from "../config/schema.ts";
import type { ApiEnvironment } from "./environment.ts";
import { isLoopback } from "./listen.ts";

/**
 * Refuses requests under a name that is not the server's. A page of a stranger can have its own name
 * lead to this machine (DNS rebinding), and is then of one origin with what it asks; the name that
 * it asks under stays its own.
 *
 * Who listens on this machine alone has its names, and those that the settings add, as for a proxy. On other
 * addresses any name holds until the settings name some.
 */
export function knownHosts({ host, names }: Settings["serve"]): MiddlewareHandler<ApiEnvironment> {
  const own = new Set([host, ...names].map((name) => name.toLowerCase()));
  const checks = isLoopback(host) || names.length > 0;
  return async (c, next) => {
    const asked = hostOf(c.req.header("host") ?? new URL(c.req.url).host);
    if (!checks || (asked !== undefined && (own.has(asked) || isLoopback(asked)))) return next();
    throw new Agent33Error("api.wrong_host", "The request is for another host than this.", {
      hint: "Ask under the server's own address; a name that leads here goes into serve.names.",
    });
  };
}

/** The host without its port, in small letters; undefined for what is none. */
function hostOf(header: string): string | undefined {
  if (!/^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.test(header)) return undefined;
  return header
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
}
