import { z } from "zod";
import { effects, injectionLevels, repeats } from "../../../base/effect.ts";
import type { JsonObject } from "../../../base/json.ts";
import { err, ok, type Result } from "../../../base/result.ts";
import type { CallFacts } from "../../types.ts";

/** Why a recorded call cannot be decided about again. */
export const unreplayable = {
  unreadable: "its record, or a line of the export, cannot be read",
  cut_off: "the export ends before its end",
  no_run: "a policy looks at its arguments, and it belongs to no run",
  no_log: "a policy looks at its arguments, and the log of its run is not there",
  not_logged: "a policy looks at its arguments, and they are not in the log of its run",
  changed_arguments:
    "a policy looks at its arguments, and those in the log are not the ones that it was made with",
  no_estimate:
    "a limit of tokens or cost looks at the most that the call may use, and it was never made",
  no_result:
    "a rule waits for an earlier call of its run, and it is not known whether that one succeeded",
  earlier_unknown:
    "a limit counts earlier calls, and it is not known whether one of them would have counted",
  not_reproduced:
    "it was decided by the old policy itself, which says otherwise of what is recorded",
} as const;
export type Unreplayable = keyof typeof unreplayable;

/** The arguments of a recorded call; a call that has none has `undefined` ones. */
export type FoundArguments = Result<JsonObject | undefined, Unreplayable>;

/** What the log of its run knows of a recorded call. */
export interface CallLog {
  arguments(): FoundArguments;
  /** Whether a tool's answer says that it did its work; undefined where the log does not say. */
  succeeded(): boolean | undefined;
}

/** What a record says that a decision can depend on. */
const recordSchema = z.object({
  callId: z.string(),
  runId: z.string().optional(),
  logicalCallId: z.string(),
  at: z.number(),
  principal: z.object({ tenant: z.string(), user: z.string(), agent: z.string().exactOptional() }),
  connector: z.string(),
  operation: z.string(),
  effect: z.enum(effects),
  repeat: z.enum(repeats),
  tool: z.string().exactOptional(),
  toolDigest: z.string().exactOptional(),
  host: z.string().exactOptional(),
  port: z.number().exactOptional(),
  injection: z.enum(injectionLevels).exactOptional(),
  toolInjection: z.enum(injectionLevels).exactOptional(),
  argsDigest: z.string().optional(),
  decision: z.object({
    effect: z.enum(["allow", "ask", "deny"]),
    ruleId: z.string(),
    policyVersion: z.string(),
  }),
  connectedTo: z.array(z.string()).default([]),
  durationMs: z.number().default(0),
  /** Absent for a call that the other side cannot have seen. */
  spend: z
    .object({ tokens: z.number().optional(), costMicroUsd: z.number().optional() })
    .optional(),
  outcome: z.string(),
});

/** A call as the audit kept it. */
export type RecordedCall = z.output<typeof recordSchema>;

/** A call from the audit's own words about it. */
export function readRecordedCall(record: unknown): Result<RecordedCall, Unreplayable> {
  const parsed = recordSchema.safeParse(record);
  return parsed.success ? ok(parsed.data) : err("unreadable");
}

/** The facts that policy was asked about, but for the arguments. */
export function factsOf(call: RecordedCall): CallFacts {
  const { operation, effect, repeat, tool, toolDigest, host, port, injection, toolInjection } =
    call;
  return {
    operation,
    effect,
    repeat,
    ...(tool === undefined ? {} : { tool }),
    ...(toolDigest === undefined ? {} : { toolDigest }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(injection === undefined ? {} : { injection }),
    ...(toolInjection === undefined ? {} : { toolInjection }),
  };
}
