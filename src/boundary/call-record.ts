import { toJsonValue } from "../base/json.ts";
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
  readonly callId: string;
  readonly logicalCallId: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly connector: string;
  readonly facts: CallFacts;
  /** Of the arguments; worked out once for all records of a call. */
  readonly argsDigest: string | undefined;
  readonly options: Pick<CallOptions, "principal" | "runId">;
  readonly decision: Decision;
  readonly approvalId: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly attempts: readonly AttemptRecord[];
  readonly connectedTo: readonly string[];
  readonly durationMs: number;
  readonly spend: Spend | undefined;
  readonly outcome: string;
  readonly error: BoundaryError | undefined;
}

/** The audit's record of a call. Arguments are kept as a digest: their text is the run log's. */
export function callRecord(call: CallSoFar): CallRecord {
  const { operation, effect, repeat, tool, toolDigest, host, port } = call.facts;
  const { principal, runId } = call.options;
  const { argsDigest, approvalId, idempotencyKey, spend, error } = call;
  return {
    callId: call.callId,
    ...(runId === undefined ? {} : { runId }),
    logicalCallId: call.logicalCallId,
    at: call.at,
    principal,
    connector: call.connector,
    operation,
    effect,
    repeat,
    ...(tool === undefined ? {} : { tool }),
    ...(toolDigest === undefined ? {} : { toolDigest }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(argsDigest === undefined ? {} : { argsDigest }),
    decision: call.decision,
    ...(approvalId === undefined ? {} : { approvalId }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    attempts: call.attempts,
    ...(call.connectedTo.length === 0 ? {} : { connectedTo: [...call.connectedTo] }),
    durationMs: call.durationMs,
    ...(spend === undefined ? {} : { spend }),
    outcome: call.outcome,
    ...(error === undefined ? {} : { error: toJsonValue(error) }),
  };
}
