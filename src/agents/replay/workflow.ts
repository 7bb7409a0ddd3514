import type { Activity, Workflow } from "../../durable/contract.ts";
import type { NewEvent, StopReason, StoredEvent } from "../../events/event.ts";
import { leaveIfReleased } from "../call-options.ts";
import { endAgent, finishRun, verification } from "../completion.ts";
import type { AgentRunResult } from "../loop.ts";
import { type AgentPorts, approvalTopic } from "../ports.ts";
import type { Scope } from "../scope.ts";
import { scopedRun } from "../scoped-run.ts";
import { replayCall } from "./call.ts";
import { type Relocation, relocationOf } from "./relocation.ts";
import { type ReplayStep, replayEnding, replaySteps } from "./steps.ts";

export type ReplayInput = {
  /** The run whose log is replayed. */
  readonly of: string;
  /** The last event of that log which belongs to the replay: it may be a run that goes on. */
  readonly throughSeq: number;
  /** Whether calls that leave the scratch copy are made, each after a question to a person. */
  readonly live: boolean;
  /** Milliseconds that a question to a person may stay open. */
  readonly approvalTtlMs: number;
};

type StepInput = Pick<ReplayInput, "of" | "throughSeq" | "live"> & {
  readonly step: number;
  /** Above 1 when the step comes back from a question to a person. */
  readonly ask: number;
};

type StepResult = {
  /** The approval that the step waits for; null when it is done. */
  readonly parkedOn: string | null;
  /** How the log ends, once it has been told to its end. */
  readonly ending: { readonly stop: StopReason; readonly verified: boolean } | null;
};

/** Everything that the replay's own log holds so far. */
const all = Number.MAX_SAFE_INTEGER;

/**
 * A run's log, walked from its beginning to its end. What models and people said is told again; the
 * calls of tools, the checks and the hidden tests are made again, and their results are this run's
 * own. Where they differ, what the model says next is still what it said then.
 */
export function replayRun(ports: AgentPorts): Workflow<ReplayInput, AgentRunResult> {
  const stepActivity = replayStep(ports);
  const endActivity = endAgent(ports);
  const verifyActivity = verification(ports);
  const finishActivity = finishRun(ports);
  return {
    name: "run.replay",
    version: 1,
    run: async (context, { approvalTtlMs, ...log }) => {
      let ending: StepResult["ending"] = null;
      let step = 0;
      let ask = 1;
      while (ending === null && !context.signal.aborted) {
        const result = await context.call(stepActivity, { ...log, step, ask });
        ending = result.ending;
        if (result.parkedOn !== null) {
          await context.wait(approvalTopic(result.parkedOn), approvalTtlMs);
          ask += 1;
        } else {
          step += 1;
          ask = 1;
        }
      }
      const stop = context.signal.aborted || ending === null ? cancelled : ending.stop;
      await context.call(endActivity, { stop, horizon: all });
      if (ending?.verified === true && !context.signal.aborted) {
        await context.call(verifyActivity, null);
      }
      const last: StopReason = context.signal.aborted ? cancelled : stop;
      return context.call(finishActivity, { stop: last, horizon: all });
    },
  };
}

const cancelled: StopReason = { reason: "cancelled" };

function replayStep(ports: AgentPorts): Activity<StepInput, StepResult> {
  const logOf = remembering(ports);
  return {
    name: "replay.step",
    run: async ({ of, throughSeq, live, step: number }, context) => {
      const { runId, signal } = context;
      const { events, steps, moved } = logOf(runId, of, throughSeq);
      const { act, told } = steps[number] ?? { act: undefined, told: [] };
      const ending = number + 1 < steps.length ? null : endingOf(of, events);
      /** What was done, then what the log tells up to the next thing to do. */
      const over = (result: readonly NewEvent[]) => () => {
        const fits = (event: NewEvent): boolean =>
          event.type !== "check.completed" ||
          !hasFailed([...ports.log.read(runId), ...result], event);
        ports.log.append(runId, [...result, ...told.filter(fits)]);
        return { parkedOn: null, ending };
      };
      if (act?.kind === "call") {
        const end = await replayCall(ports, context, act.call, { live, moved });
        if (end.result !== undefined) return over([end.result]);
        const { approvalId, event } = end;
        return () => {
          ports.log.append(runId, [event]);
          return { parkedOn: approvalId, ending: null };
        };
      }
      if (act?.kind !== "check") return over([]);
      const look = { ...act.of, attempt: act.attempt };
      const run = scopedRun(ports, runId, act.of);
      const check = run.session.checks[act.place];
      if (check === undefined || hasFailed(run.readAll(), look)) return over([]);
      const result = await check.run(signal, Math.max(1, run.timeLeftMs()));
      leaveIfReleased(signal);
      return over([{ type: "check.completed", kind: check.kind, ...look, ...result }]);
    },
  };
}

/** Whether a check of an agent's attempt has failed: then none looks after it. */
function hasFailed(
  events: readonly NewEvent[],
  { agentPath, attempt }: Scope & { readonly attempt: number },
): boolean {
  return events.some(
    (event) =>
      event.type === "check.completed" &&
      event.agentPath === agentPath &&
      event.attempt === attempt &&
      !event.passed,
  );
}

/** A run that had not come to its end has none that could be told again. */
function endingOf(of: string, events: readonly StoredEvent[]): NonNullable<StepResult["ending"]> {
  const { stop, verified } = replayEnding(events);
  if (stop !== null) return { stop, verified };
  const message = `The log of run ${of} ends here: it had not come to its end.`;
  const error = { code: "agents.replay_ends", message, retryable: false };
  return { stop: { reason: "error", error }, verified };
}

interface ReplayedLog {
  readonly events: readonly StoredEvent[];
  readonly steps: readonly ReplayStep[];
  readonly moved: Relocation | undefined;
}

/**
 * The log that a replay walks. Its past does not change, so it is read once and not for each of its
 * steps, which in a long log would take longer than the steps do.
 */
function remembering(ports: AgentPorts) {
  let known: (ReplayedLog & { readonly name: string }) | undefined;
  return (runId: string, of: string, throughSeq: number): ReplayedLog => {
    if (known?.name !== runId) {
      const events = ports.log.read(of).filter(({ seq }) => seq <= throughSeq);
      const moved = relocationOf(events, ports.log.read(runId));
      known = { name: runId, events, steps: replaySteps(events), moved };
    }
    return known;
  };
}
