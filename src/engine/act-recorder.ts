import { digestOf } from "../base/digest.ts";
import { toAgent33Error } from "../base/errors.ts";
import { toJsonValue } from "../base/json.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { CallRecord } from "../boundary/types.ts";
import type { Audit } from "./audit.ts";
import type { Host } from "./host.ts";

/** A person who does something. */
export interface Actor {
  readonly user: string;
  /** The API key that proved it. */
  readonly key?: string;
}

interface RecorderParts {
  readonly host: Pick<Host, "clock" | "ids">;
  readonly audit: () => Pick<Audit, "sink">;
  /** What they do it to: the connector of the records, and the room of their rule. */
  readonly about: "alerts" | "approvals";
  readonly boundary: () => Boundary;
}

/** One act of a person. */
export interface Act {
  readonly tenant: string;
  readonly operation: string;
  /** What it was done to. */
  readonly target: string;
  readonly actor: Actor;
  /** Why, in the person's words, without secrets. */
  readonly reason?: string | undefined;
}

/** Acts of people are in the audit: who did what to which alert or question, why, and how it ended. */
export function actRecorder({ host, audit, about, boundary }: RecorderParts) {
  return {
    record: <T>({ tenant, operation, target, actor, reason }: Act, act: () => T): T => {
      const callId = host.ids();
      const began = host.clock.monotonic();
      const rule = { effect: "allow", ruleId: `${about}/person` } as const;
      const opened: CallRecord = {
        callId,
        logicalCallId: callId,
        at: host.clock.now(),
        principal: { tenant, ...actor },
        connector: about,
        operation,
        effect: "write",
        repeat: "once",
        tool: target,
        argsDigest: digestOf({ target }),
        decision: {
          ...rule,
          ...(reason === undefined ? {} : { reason }),
          matched: [rule.ruleId],
          policyVersion: boundary().policy.version,
        },
        attempts: [],
        durationMs: 0,
        outcome: "open",
      };
      const sink = audit().sink(tenant);
      sink.open(opened);
      const close = (end: Pick<CallRecord, "outcome" | "error">): void =>
        sink.close({ ...opened, ...end, durationMs: host.clock.monotonic() - began });
      try {
        const done = act();
        close({ outcome: "ok" });
        return done;
      } catch (thrown) {
        const error = toAgent33Error(thrown);
        close({ outcome: error.code, error: toJsonValue(error) });
        throw error;
      }
    },
  };
}
