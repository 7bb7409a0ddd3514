import { digestOf } from "../base/digest.ts";
import { toAgent33Error } from "../base/errors.ts";
import { toJsonValue } from "../base/json.ts";
import type { CallRecord } from "../engine.ts";
import type { RawInput, Route, RouteContext } from "./route.ts";

/** By which the audit knows what was asked of the API. */
export const apiConnector = "api";

/**
 * A route whose acts are in the audit: who did what, by which right, and how it ended. It is written
 * down before anything is done, so that what a crash cut off can be found.
 */
export function recorded(route: Route): Route {
  if (route.effect === "read") return route;
  return {
    ...route,
    respond: async (input, context) => {
      const { clock } = context.host;
      const began = clock.monotonic();
      const opened = opening(route, input, context);
      const audit = context.engine.audit.together(context.caller.tenant);
      await audit.open(opened);
      const close = (end: Pick<CallRecord, "outcome" | "error">): Promise<void> =>
        audit.close({ ...opened, ...end, durationMs: clock.monotonic() - began });
      try {
        const answer = await route.respond(input, context);
        await close({ outcome: "ok" });
        return answer;
      } catch (thrown) {
        const error = toAgent33Error(thrown);
        await close({ outcome: error.code, error: toJsonValue(error) });
        throw error;
      }
    },
  };
}

function opening(
  { method, path, scope, effect, hidesBody = false }: Route,
  { params, query, body }: RawInput,
  { caller, engine, host }: RouteContext,
): CallRecord {
  const { tenant, user, key } = caller;
  const callId = host.ids();
  const ruleId = `scope/${scope}`;
  const given = toJsonValue({ params, query, body: hidesBody ? null : (body ?? null) });
  return {
    callId,
    logicalCallId: callId,
    at: host.clock.now(),
    principal: { tenant, user, key },
    connector: apiConnector,
    operation: `${method} ${path}`,
    effect,
    repeat: "once",
    argsDigest: digestOf(given),
    decision: {
      effect: "allow",
      ruleId,
      matched: [ruleId],
      policyVersion: engine.boundary.policy.version,
    },
    attempts: [],
    durationMs: 0,
    outcome: "open",
  };
}
