import { toJsonValue } from "../base/json.ts";
import type { CallIdentity } from "./call-identity.ts";
import type { BoundaryError } from "./errors.ts";
import type {
  AttemptRecord,
  CallFacts,
  CallOptions,
  CallRecord,
  Decision,
  Spend,
} from "./types.ts";

/** What is known of a call when it is written down. */
export interface CallSoFar {
  readonly identity: CallIdentity;
  readonly connector: string;
  readonly facts: CallFacts;
  readonly options: Pick<CallOptions, "principal" | "runId" | "tier">;
  readonly decision: Decision;
  readonly approvalId: string | undefined;
  readonly failedAttempts: readonly AttemptRecord[];
  /** When the attempt began that brought a good answer, from the call's beginning. */
  readonly answeredAfterMs: number | undefined;
  readonly connectedTo: readonly string[];
  readonly durationMs: number;
  readonly spend: Spend | undefined;
  readonly outcome: string;
  readonly error: BoundaryError | undefined;
}

/** The audit's record of a call. Arguments are kept as a digest: their text is the run log's. */
export function callRecord(call: CallSoFar): CallRecord {
  const { operation, effect, repeat, tool, toolDigest, model, host, port } = call.facts;
  const { injection, toolInjection } = call.facts;
  const { principal, runId, tier } = call.options;
  const { approvalId, spend, error } = call;
  const { callId, logicalCallId, at, argsDigest, usedKey } = call.identity;
  return {
    callId,
    ...(runId === undefined ? {} : { runId }),
    logicalCallId,
    at,
    principal,
    connector: call.connector,
    operation,
    effect,
    repeat,
    ...(tool === undefined ? {} : { tool }),
    ...(toolDigest === undefined ? {} : { toolDigest }),
    ...(model === undefined ? {} : { model }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(injection === undefined ? {} : { injection }),
    ...(toolInjection === undefined ? {} : { toolInjection }),
    ...(argsDigest === undefined ? {} : { argsDigest }),
    decision: call.decision,
    ...(approvalId === undefined ? {} : { approvalId }),
    ...(usedKey === undefined ? {} : { idempotencyKey: usedKey }),
    attempts: attemptsOf(call),
    ...(call.connectedTo.length === 0 ? {} : { connectedTo: [...call.connectedTo] }),
    durationMs: call.durationMs,
    ...(spend === undefined ? {} : { spend }),
    ...(tier === undefined ? {} : { tier }),
    outcome: call.outcome,
    ...(error === undefined ? {} : { error: toJsonValue(error) }),
  };
}

/** Every attempt that is over; of nearly every call it is one, that was answered. */
function attemptsOf({ failedAttempts, answeredAfterMs, durationMs }: CallSoFar) {
  if (answeredAfterMs === undefined) return failedAttempts;
  const answered = { startedAtMs: answeredAfterMs, durationMs: durationMs - answeredAfterMs };
  return [...failedAttempts, { ...answered, outcome: "ok" }];
}
