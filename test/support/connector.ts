import type { CallContext, CallFacts, ConnectorSpec } from "../../src/boundary/types.ts";
import { testPrincipal } from "./boundary.ts";

/** A read that may be repeated. */
export const read: CallFacts = {
  operation: "get",
  effect: "read",
  repeat: "safe",
  host: "up.example",
  args: { a: 1 },
};
/** A write that may run once. */
export const writeOnce: CallFacts = {
  operation: "post",
  effect: "write",
  repeat: "once",
  args: { a: 1 },
};
/** Options of a call within a run. */
export const options = { principal: testPrincipal, runId: "run-1" } as const;

export type Handler = (context: CallContext<string, string>) => Promise<string>;

/** A connector of one handler. */
export function spec(
  run: Handler,
  facts: CallFacts = read,
  extra: Partial<ConnectorSpec<string, string, string>> = {},
) {
  return {
    id: "http:test",
    facts: () => facts,
    run,
    timeouts: { attemptMs: 200, totalMs: 2_000 },
    ...extra,
  } satisfies ConnectorSpec<string, string, string>;
}

/** A handler that always fails, and notes its attempts. */
export const failing =
  (error: unknown, log: number[] = []): Handler =>
  (context) => {
    log.push(context.attempt);
    return Promise.reject(error);
  };
