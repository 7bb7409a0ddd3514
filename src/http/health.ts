import type { Context } from "hono";
import { messageOf } from "../base/errors.ts";
import { attempt } from "../base/result.ts";
import type { Engines } from "../engine/engines.ts";
import type { Host } from "../engine/host.ts";

/** Where it is asked whether the process lives; the second is what it was first called. */
export const livePaths = ["/health/live", "/healthz"];
/** Where it is asked whether it takes requests. */
export const readyPaths = ["/health/ready", "/readyz"];

/** The process lives: it needs no key and says nothing else. */
export function live(c: Context): Response {
  return c.json({ status: "ok" });
}

/** Whether it takes requests. It reads the store, so that a store that is gone is noticed. */
export function ready(parts: {
  readonly closing: AbortSignal;
  readonly engines: Pick<Engines, "own">;
  readonly host: Pick<Host, "warn">;
}) {
  const { closing, engines, host } = parts;
  return (c: Context): Response => {
    if (closing.aborted) return c.json({ status: "closing" }, 503);
    const read = attempt(() => engines.own.store.runs.list({ limit: 1 }));
    if (read.ok) return c.json({ status: "ready" });
    host.warn(`serve: not ready: ${messageOf(read.error)}`);
    return c.json({ status: "store" }, 503);
  };
}
