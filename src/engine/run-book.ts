import { activeMs, foldRun } from "../agents/state.ts";
import { undelivered } from "../agents/steering.ts";
import type { Redactor } from "../base/redact.ts";
import type { BoundaryError } from "../boundary/errors.ts";
import type { Durable } from "../durable/contract.ts";
import type { NewEvent, RunOutcome, StopReason, StoredEvent } from "../events/event.ts";
import type { EngineStore } from "./tenant-store.ts";
import type { Host } from "./host.ts";
import { redactEvent } from "./redact-event.ts";

/** A run's log and its row, kept in step where the workflow itself cannot do it. */
export interface RunBook {
  append(runId: string, events: readonly NewEvent[]): readonly StoredEvent[];
  /** The run waits for a person before it could begin. */
  park(runId: string, asked: BoundaryError): void;
  /** The run waits; its log says so already. */
  pause(runId: string): void;
  /** Ends a run that its workflow could not end: last event and row in one transaction. */
  close(runId: string, outcome: RunOutcome, stop: StopReason): void;
}

/** Ends a run's row. What people told servers in a run that is over nobody needs any more. */
export function finishRun(
  { runs, approvals }: Pick<EngineStore, "runs" | "approvals">,
  runId: string,
  end: Parameters<EngineStore["runs"]["finish"]>[1],
): void {
  runs.finish(runId, end);
  if (end.outcome !== "parked") approvals.forgetAnswers(runId);
}

export function createBook(parts: {
  readonly store: EngineStore;
  readonly host: Host;
  readonly redactor: Redactor;
  readonly durable: Pick<Durable, "sent">;
}): RunBook {
  const { store, host, redactor, durable } = parts;
  const append = (runId: string, events: readonly NewEvent[]): readonly StoredEvent[] =>
    store.runLog.append(
      runId,
      events.map((event) => redactEvent(event, redactor)),
    );
  const stateOf = (runId: string) => {
    const events = store.runLog.read(runId);
    return { events, ...foldRun(events, Number.MAX_SAFE_INTEGER) };
  };
  const finish = (runId: string, outcome: RunOutcome | "parked"): void => {
    const { costMicroUsd, unpricedCalls } = stateOf(runId).totals;
    finishRun(store, runId, { outcome, costMicroUsd, unpricedCalls });
  };
  return {
    append,
    pause: (runId) => finish(runId, "parked"),
    park: (runId, asked) => {
      store.transactions.transaction(() => {
        const { approvalId = "", message } = asked;
        append(runId, [{ type: "run.parked", approvalId, toolName: "session", message }]);
        finish(runId, "parked");
      });
    },
    close: (runId, outcome, stop) => {
      store.transactions.transaction(() => {
        const { events, totals, lastText } = stateOf(runId);
        const durationMs = activeMs(events, host.clock.now());
        append(runId, [
          ...undelivered(events, (topic) => durable.sent(runId, topic)),
          {
            type: "run.finished",
            outcome,
            stop,
            summary: lastText,
            totals: { ...totals, durationMs },
            filesChanged: [],
          },
        ]);
        finish(runId, outcome);
      });
    },
  };
}
