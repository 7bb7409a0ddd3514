import { z } from "zod";
import { type JsonObject, toJsonValue } from "../base/json.ts";
import type { BoundaryError } from "../boundary/errors.ts";
import type { CallRecord } from "../boundary/types.ts";
import type { Activity } from "../durable/contract.ts";
import type { NewEvent, StopReason } from "../events/event.ts";
import type { ModelRequest, ModelTurn } from "../models/model.ts";
import { answerForm } from "./answer.ts";
import { callOptions, leaveIfUnfinished } from "./call-options.ts";
import { feedback, isSentBack } from "./checks.ts";
import { effortAsked } from "./effort.ts";
import { judgeMessages, judgePrompt } from "./judge-words.ts";
import type { AgentPorts, RunSession } from "./ports.ts";
import { judgeCallName, type Scope } from "./scope.ts";
import { type ScopedRun, scopedRun } from "./scoped-run.ts";
import { turnText } from "./state.ts";
import { type Spoken, spokenIn } from "./steering.ts";
import { eventDecision, stopOf } from "./turn.ts";

/** One question of one look at the work. */
export type JudgeQuestion = {
  readonly attempt: number;
  /** Above 1 when the answer before could not be read. */
  readonly try: number;
};

export type JudgeInput = Scope &
  JudgeQuestion & {
    readonly horizon: number;
    /** Above 1 when it comes back from a question to a person. */
    readonly ask: number;
  };

export type JudgeResult = Spoken & {
  readonly seq: number;
  readonly sentBack: boolean;
  /** Whether the answer could not be read and is to be asked for once more. */
  readonly again: boolean;
  /** Set where a limit leaves nothing to ask with. */
  readonly stop: StopReason | null;
  /** The approval that the question waits for; null when it has its answer. */
  readonly parkedOn: string | null;
};

/** How often a verdict that can be read is asked for. */
const judgeTries = 2;

const verdictSchema = z.strictObject({
  met: z.boolean().describe("whether every criterion is met"),
  reasons: z.array(z.string()).describe("why, one sentence each; first what is missing or wrong"),
});
const { $schema: _dialect, ...verdictJson } = toJsonValue(
  z.toJSONSchema(verdictSchema),
) as JsonObject;
const verdictForm = answerForm(verdictJson);

/**
 * Asks the model whether the work meets its criteria. The question is a call like any other: it is
 * governed, charged to the agent whose work it is, and not made where a limit is reached. Only a verdict in the form
 * that was asked for is one; what cannot be read twice counts as no.
 */
export function askJudge(ports: AgentPorts): Activity<JudgeInput, JudgeResult> {
  return {
    name: "judge.ask",
    run: async (input, context) => {
      const { runId, signal } = context;
      const { horizon } = input;
      const run = scopedRun(ports, runId, input);
      const { session, scope } = run;
      // The questions are no turns of the agent's.
      const limit = run.reachedLimit("spending");
      if (limit !== undefined) return () => ({ ...nothingMore, seq: horizon, stop: limit });
      const outcome = await session.model.tryCall(await request(run, input), {
        ...callOptions(run, judgeCallName(scope, input), signal),
        totalMs: Math.max(1, run.timeLeftMs()),
      });
      leaveIfUnfinished(context, outcome);
      return (mailbox) => {
        if (!outcome.ok && outcome.error.kind === "approval_required") {
          return park(run, horizon, outcome.error, outcome.record);
        }
        const timeIsUp = run.timeLeftMs() <= 0;
        const { told, check, stop } = outcome.ok
          ? answered(input, outcome.value, outcome.record)
          : failed(ports, session, input, outcome.error, outcome.record, timeIsUp);
        const sentBack = check?.passed === false && isSentBack(check, session);
        const stored = run.append([
          told,
          ...(check === undefined ? [] : [check]),
          ...(check !== undefined && sentBack ? [feedback(check)] : []),
        ]);
        return {
          ...spokenIn(mailbox, scope),
          ...nothingMore,
          seq: stored.at(-1)?.seq ?? horizon,
          sentBack,
          again: check === undefined && stop === null,
          stop,
        };
      };
    },
  };
}

const nothingMore = { sentBack: false, again: false, stop: null, parkedOn: null } as const;

/** What came of a question: the call itself, and the verdict where there is one. */
interface Judged {
  readonly told: NewEvent;
  readonly check?: Extract<NewEvent, { type: "check.completed" }>;
  readonly stop: StopReason | null;
}

async function request(run: ScopedRun, question: JudgeInput): Promise<ModelRequest> {
  const { session, scope } = run;
  const past = run.read().filter(({ seq }) => seq <= question.horizon);
  return {
    system: judgePrompt(session.judge?.criteria ?? "", verdictJson),
    messages: judgeMessages(past, await session.filesChanged(), question),
    tools: [],
    maxOutputTokens: session.effort.maxOutputTokens,
    ...effortAsked(session.effort),
    answer: { name: "verdict", schema: verdictJson },
    asker: {
      name: session.agent.name,
      ...(scope.agentPath === undefined ? {} : { path: scope.agentPath }),
    },
    judgement: past.filter(({ type }) => type === "judge.completed").length,
  };
}

function answered(question: JudgeQuestion, turn: ModelTurn, record: CallRecord): Judged {
  const { attempt } = question;
  const { durationMs } = record;
  const text = turnText(turn);
  const told: NewEvent = {
    type: "judge.completed",
    attempt,
    try: question.try,
    text,
    usage: turn.usage,
    costMicroUsd: record.spend?.costMicroUsd ?? null,
    decision: eventDecision(record.decision),
    durationMs,
    callId: record.callId,
  };
  const read = verdictForm.read(text);
  if (!read.ok && question.try < judgeTries) return { told, stop: null };
  const verdict = read.ok ? verdictSchema.parse(read.value) : undefined;
  const output = verdict === undefined ? unreadable : verdict.reasons.join("\n");
  const passed = verdict?.met === true;
  return {
    told,
    check: { type: "check.completed", kind: "judge", attempt, passed, output, durationMs },
    stop: null,
  };
}

const unreadable =
  "The judge gave no verdict that can be read, which counts as no. Hold your work against the criteria yourself.";

/** A question without an answer is never a yes: the run ends without a verdict. */
function failed(
  ports: AgentPorts,
  session: RunSession,
  { attempt, try: tried }: JudgeQuestion,
  cause: BoundaryError,
  record: CallRecord,
  timeIsUp: boolean,
): Judged {
  const error = ports.conceal(cause.toJSON());
  const { durationMs } = record;
  const told: NewEvent = {
    type: "judge.failed",
    attempt,
    try: tried,
    error,
    tokens: record.spend?.tokens ?? 0,
    costMicroUsd: record.spend?.costMicroUsd ?? null,
    durationMs,
    callId: record.callId,
  };
  const stop = stopOf(cause, error, session, undefined, timeIsUp);
  if (stop.reason === "limit" || stop.reason === "cancelled") return { told, stop };
  const check = { kind: "judge", attempt, passed: false, output: "", durationMs, error } as const;
  return { told, check: { type: "check.completed", ...check }, stop: null };
}

function park(
  run: ScopedRun,
  horizon: number,
  { approvalId = "", message }: BoundaryError,
  { callId }: CallRecord,
): JudgeResult {
  const parked = { type: "run.parked", approvalId, toolName: "judge", message, callId } as const;
  const [stored] = run.append([parked]);
  return { ...nothingMore, seq: stored?.seq ?? horizon, parkedOn: approvalId };
}
