import type { JsonObject } from "../base/json.ts";
import type { Activity } from "../durable/contract.ts";
import type { RunOutcome, StopReason, StoredEvent } from "../events/event.ts";
import { leaveIfReleased } from "./call-options.ts";
import { lastAnswer } from "./checks.ts";
import type { AgentPorts, RunSession } from "./ports.ts";
import { outsideEffect } from "./outside-effect.ts";
import { eventsOfAgent } from "./scope.ts";
import { activeMs, foldRun } from "./state.ts";
import { undelivered } from "./steering.ts";

export type EndInput = { readonly stop: StopReason; readonly horizon: number };

/** The agent is done: its last words are logged and everything that it could act with is ended. */
export function endAgent(ports: AgentPorts): Activity<EndInput, null> {
  return {
    name: "agent.end",
    run: async ({ stop, horizon }, { runId, signal }) => {
      await ports.session(runId).closeTools(signal);
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
        const { totals: used, lastText } = foldRun(events, horizon);
        const totals = { ...used, durationMs: activeMs(events, ports.now()) };
        const outcome = outcomeOf(eventsOfAgent(events, {}), stop);
        const session = ports.session(runId);
        const output = outputOf(session, events, stop);
        const outside = outsideEffect(events, session.toolbox);
        const ending = ports.ending(runId, { outcome, stop, totals, outside });
        ports.log.append(runId, [
          ...ending.events,
          {
            type: "run.finished",
            outcome,
            stop,
            summary: lastText,
            ...(output === undefined ? {} : { output }),
            totals,
            ...(ending.attempts === undefined ? {} : { attempts: ending.attempts }),
            filesChanged,
          },
        ]);
        ports.finished(runId, outcome, stop);
        return { outcome };
      };
    },
  };
}

/** The agent's last answer as data, where it has the form that was asked for. */
function outputOf(
  { answer }: RunSession,
  events: readonly StoredEvent[],
  stop: StopReason,
): JsonObject | undefined {
  if (answer === undefined || stop.reason !== "done") return undefined;
  const read = answer.read(lastAnswer(events, {}));
  return read.ok ? read.value : undefined;
}

/**
 * What an agent's result is worth. Hidden tests decide where there are some; else the visible check;
 * without either, nobody has looked. A verifier that gave no verdict decides nothing.
 * @param events of the agent alone
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
