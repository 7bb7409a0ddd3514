import type { Activity } from "../durable/contract.ts";
import type { EventOf, NewEvent, StopReason, StoredEvent } from "../events/event.ts";
import type { AnswerForm } from "./answer.ts";
import { leaveIfReleased } from "./call-options.ts";
import { limitReached } from "./limits.ts";
import type { AgentPorts, CheckResult, RunCheck, RunSession } from "./ports.ts";
import type { Scope } from "./scope.ts";
import { scopedRun } from "./scoped-run.ts";
import { turnText } from "./state.ts";
import { type Spoken, spokenIn } from "./steering.ts";

export type CheckInput = Scope & { readonly attempt: number; readonly horizon: number };
export type CheckVerdict = Spoken & {
  readonly seq: number;
  /** Whether the agent is to go on: it was told what is wrong. */
  readonly sentBack: boolean;
  /** Set where the model is to be asked besides whether the work is done. */
  readonly judge?: true;
  /** Set where the run's time was over before a check had come to its end. */
  readonly stop?: StopReason;
};

type NewCheck = Extract<NewEvent, { type: "check.completed" }>;

/**
 * Runs the checks of the agent's work in their order, up to the first that does not pass; while
 * attempts are left, the agent is told what that one found.
 */
export function runChecks(ports: AgentPorts): Activity<CheckInput, CheckVerdict> {
  return {
    name: "check.run",
    run: async (input, { runId, signal }) => {
      const { attempt, horizon } = input;
      const scoped = scopedRun(ports, runId, input);
      const { session, scope } = scoped;
      const events = scoped.read().filter(({ seq }) => seq <= horizon);
      const done: NewCheck[] = [];
      for (const { kind, run } of checksOf(session, events, scope)) {
        const result = await run(signal, Math.max(1, scoped.timeLeftMs()));
        leaveIfReleased(signal);
        done.push({ type: "check.completed", kind, attempt, ...result });
        if (!result.passed) break;
      }
      const last = done.at(-1);
      const failed = last?.passed === false ? last : undefined;
      const back =
        failed !== undefined && isSentBack(failed, session) ? feedback(failed) : undefined;
      const timeIsUp = failed?.error !== undefined && scoped.timeLeftMs() <= 0;
      const judge = failed === undefined && isJudged(session, done.length, events);
      return (mailbox) => {
        const stored = scoped.append([...done, ...(back === undefined ? [] : [back])]);
        return {
          ...spokenIn(mailbox, scope),
          seq: stored.at(-1)?.seq ?? horizon,
          sentBack: back !== undefined,
          ...(judge ? { judge: true as const } : {}),
          ...(timeIsUp ? { stop: limitReached("time", session.limits) } : {}),
        };
      };
    },
  };
}

/** Whether an agent is told of a check that did not pass. One that could not look says nothing of its work. */
export function isSentBack(
  { attempt, error }: Pick<EventOf<"check.completed">, "attempt" | "error">,
  { limits }: RunSession,
): boolean {
  return error === undefined && attempt < limits.maxChecks;
}

/**
 * A judge that was asked for with the run always judges. That of a definition is left out where
 * there is nothing to judge: no check has looked and no tool was used, so the answer is all there is.
 */
function isJudged({ judge }: RunSession, checks: number, events: readonly StoredEvent[]): boolean {
  if (judge === undefined) return false;
  return judge.always || checks > 0 || events.some(({ type }) => type === "tool.completed");
}

function checksOf(
  { answer, checks }: RunSession,
  events: readonly StoredEvent[],
  scope: Scope,
): readonly RunCheck[] {
  if (answer === undefined) return checks;
  const run = async () => checkAnswer(answer, lastAnswer(events, scope));
  return [{ kind: "schema", run }, ...checks];
}

function checkAnswer(form: AnswerForm, text: string): CheckResult {
  const read = form.read(text);
  return { passed: read.ok, output: read.ok ? "" : read.problems.join("\n"), durationMs: 0 };
}

/** What an agent said in its last turn. */
export function lastAnswer(events: readonly StoredEvent[], { agentPath }: Scope): string {
  const turn = events.findLast(
    (event) => event.type === "turn.completed" && event.agentPath === agentPath,
  );
  return turn?.type === "turn.completed" ? turnText(turn) : "";
}

/** What the agent is told of a check that did not pass. */
export function feedback({ kind = "command", output }: NewCheck): NewEvent {
  const text = `${feedbackWords[kind].found}\n\n${output.trim()}\n\n${feedbackWords[kind].advice}`;
  return { type: "message.user", text, from: "engine" };
}

const feedbackWords: Readonly<
  Record<NonNullable<NewCheck["kind"]>, { readonly found: string; readonly advice: string }>
> = {
  command: {
    found: "The check of your work failed. Its output:",
    advice: "Mend what is wrong, then finish again.",
  },
  scorer: {
    found: "The score of your work is not high enough:",
    advice: "Make it better, then finish again.",
  },
  schema: {
    found: "Your answer does not have the form that was asked for:",
    advice: "Answer again with one JSON object that fits, and nothing before or after it.",
  },
  judge: {
    found: "Your work was judged and does not meet its criteria yet:",
    advice: "Mend what is wrong, then finish again.",
  },
};
