import type { Activity } from "../durable/contract.ts";
import type { NewEvent, RunOutcome, StopReason, StoredEvent } from "../events/event.ts";
import { leaveIfReleased } from "./call-options.ts";
import type { AgentPorts } from "./ports.ts";
import { activeMs, foldRun } from "./state.ts";
import { type Spoken, spokenIn, undelivered } from "./steering.ts";

export type CheckInput = { readonly attempt: number; readonly horizon: number };
export type CheckVerdict = Spoken & {
  readonly seq: number;
  /** Whether the agent is to go on: it was told what is wrong. */
  readonly sentBack: boolean;
};

/** Runs the task's visible check and, while tries are left, tells the agent what it found. */
export function visibleCheck(ports: AgentPorts): Activity<CheckInput, CheckVerdict> {
  return {
    name: "check.run",
    run: async ({ attempt, horizon }, { runId, signal }) => {
      const session = ports.session(runId);
      const result = await session.check?.(signal);
      leaveIfReleased(signal);
      if (result === undefined) {
        return (mailbox) => ({ ...spokenIn(mailbox, {}), seq: horizon, sentBack: false });
      }
      const { passed, output, durationMs, error } = result;
      const sentBack = !passed && error === undefined && attempt < session.limits.maxChecks;
      return (mailbox) => {
        const events: NewEvent[] = [
          {
            type: "check.completed",
            attempt,
            passed,
            output,
            durationMs,
            ...(error === undefined ? {} : { error }),
          },
        ];
        if (sentBack) events.push({ type: "message.user", text: feedback(output), from: "engine" });
        const stored = ports.log.append(runId, events);
        return { ...spokenIn(mailbox, {}), seq: stored.at(-1)?.seq ?? horizon, sentBack };
      };
    },
  };
}

function feedback(output: string): string {
  return `The check of your work failed. Its output:\n\n${output.trim()}\n\nMend what is wrong, then finish again.`;
}

export type EndInput = { readonly stop: StopReason; readonly horizon: number };

/** The agent is done: its last words are logged and everything that it could act with is ended. */
export function endAgent(ports: AgentPorts): Activity<EndInput, null> {
  return {
    name: "agent.end",
    run: async ({ stop, horizon }, { runId }) => {
      await ports.session(runId).closeTools();
      const summary = foldRun(ports.log.read(runId), horizon).lastText;
      return (mailbox) => {
        const unread = undelivered(ports.log.read(runId), mailbox.sent);
        ports.log.append(runId, [...unread, { type: "agent.stopped", stop, summary }]);
        return null;
      };
    },
  };
}

/** Runs the hidden tests on what the agent left behind. */
export function verification(ports: AgentPorts): Activity<null, null> {
  return {
    name: "run.verify",
    run: async (_input, { runId, signal }) => {
      const result = await ports.session(runId).verify?.(signal);
      leaveIfReleased(signal);
      return () => {
        if (result !== undefined) {
          const { reward, passed, output, durationMs, error } = result;
          const verdict = {
            reward,
            passed,
            output,
            durationMs,
            ...(error === undefined ? {} : { error }),
          };
          ports.log.append(runId, [{ type: "verification.completed", ...verdict }]);
        }
        return null;
      };
    },
  };
}

/** Closes the book: outcome, totals, files changed. */
export function finishRun(ports: AgentPorts): Activity<EndInput, { readonly outcome: RunOutcome }> {
  return {
    name: "run.finish",
    run: async ({ stop, horizon }, { runId }) => {
      const filesChanged = await ports.session(runId).filesChanged();
      return () => {
        const events = ports.log.read(runId);
        const { totals, lastText } = foldRun(events, horizon);
        const outcome = outcomeOf(events, stop);
        ports.log.append(runId, [
          {
            type: "run.finished",
            outcome,
            stop,
            summary: lastText,
            totals: { ...totals, durationMs: activeMs(events, ports.now()) },
            filesChanged,
          },
        ]);
        ports.finished(runId, outcome, stop);
        return { outcome };
      };
    },
  };
}

/**
 * What a run's result is worth. Hidden tests decide where there are some; else the visible check;
 * without either, nobody has looked. A verifier that gave no verdict decides nothing.
 */
export function outcomeOf(events: readonly StoredEvent[], stop: StopReason): RunOutcome {
  if (stop.reason === "cancelled") return "cancelled";
  const verdict = events.findLast((event) => event.type === "verification.completed");
  if (verdict !== undefined) {
    if (verdict.reward === null) return "failed";
    return verdict.passed ? "verified" : "refuted";
  }
  if (stop.reason !== "done") return "failed";
  const check = events.findLast((event) => event.type === "check.completed");
  if (check === undefined) return "unverified";
  if (check.error !== undefined) return "failed";
  return check.passed ? "verified" : "refuted";
}
