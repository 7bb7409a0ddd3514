import { digestOf } from "../base/digest.ts";
import { toAgent33Error } from "../base/errors.ts";
import { toJsonValue } from "../base/json.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { CallRecord } from "../boundary/types.ts";
import type { Audit } from "./audit.ts";
import type { Host } from "./host.ts";

/** Who does something about alerts. */
export interface AlertActor {
  readonly user: string;
  /** The API key that proved it. */
  readonly key?: string;
}

interface RecorderParts {
  readonly host: Pick<Host, "clock" | "ids">;
  readonly audit: Pick<Audit, "sink">;
  readonly tenant: string;
  readonly boundary: () => Boundary;
}

/** Acts of people on alerts are in the audit: who did what to which alert, and how it ended. */
export function actRecorder({ host, audit, tenant, boundary }: RecorderParts) {
  return {
    record: <T>(operation: string, target: string, actor: AlertActor, act: () => T): T => {
      const callId = host.ids();
      const began = host.clock.monotonic();
      const rule = { effect: "allow", ruleId: "alerts/person" } as const;
      const opened: CallRecord = {
        callId,
        logicalCallId: callId,
        at: host.clock.now(),
        principal: { tenant, ...actor },
        connector: "alerts",
        operation,
        effect: "write",
        repeat: "once",
        tool: target,
        argsDigest: digestOf({ target }),
        decision: {
          ...rule,
          matched: [rule.ruleId],
          policyVersion: boundary().policy.version,
        },
        attempts: [],
        durationMs: 0,
        outcome: "open",
      };
      const sink = audit.sink(tenant);
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
