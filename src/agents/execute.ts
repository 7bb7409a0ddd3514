import { causesOf } from "../base/causes.ts";
import { type ErrorData, toAgent33Error } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { ToolCallPart } from "../base/message.ts";
import { fromOutside } from "../base/outside.ts";
import { isBoundaryError } from "../boundary/errors.ts";
import type { CallOutcome } from "../boundary/types.ts";
import type { Activity, ActivityContext, Mailbox } from "../durable/contract.ts";
import type { NewEvent } from "../events/event.ts";
import { readResult } from "../context/read-result-tool.ts";
import { parseArguments } from "../tools/arguments.ts";
import type { OfferedTool, ToolOutput } from "../tools/tool.ts";
import { callOptions, leaveIfUnfinished } from "./call-options.ts";
import { delegateName } from "./delegate.ts";
import { beginAgent, cannotDelegate } from "./delegation.ts";
import type { AgentPorts } from "./ports.ts";
import { type CallPlace, scopeOf, toolCallName } from "./scope.ts";
import { type ScopedRun, scopedRun } from "./scoped-run.ts";
import { activatedTools, notActive, shownTools } from "./shown-tools.ts";
import { toolCallsOf, turnAnswer } from "./state.ts";
import { type Spoken, spokenIn } from "./steering.ts";
import { noticeBefore, refusalOf } from "./stuck/notice.ts";
import { eventDecision, isAlone } from "./turn.ts";

export type ToolCallInput = CallPlace & {
  /** Above 1 when the call comes back from a question to a person. */
  readonly ask: number;
};

export type ToolCallResult = Spoken & {
  readonly seq: number;
  /** The approval that the call waits for; null when it has its result. */
  readonly parkedOn: string | null;
  /** Another agent has begun to work on it; its end is the call's. */
  readonly begun?: true;
};

type Completed = Extract<NewEvent, { type: "tool.completed" }>;
export type ToolResultFields = Pick<
  Completed,
  "content" | "isError" | "decision" | "attempts" | "durationMs"
> &
  Partial<Pick<Completed, "error" | "callId" | "injection">>;

/**
 * One tool call. Whatever goes wrong becomes a result that the model can read and act on. After a
 * crash it is made again: whether the other side can have seen it, and whether it may see it twice,
 * is in the boundary's ledger of keys, which was written just before it was sent.
 */
export function toolCall(ports: AgentPorts): Activity<ToolCallInput, ToolCallResult> {
  const record =
    (
      run: ScopedRun,
      place: CallPlace,
      part: ToolCallPart,
      fields: ToolResultFields,
      { activates = [], plan, loads }: Pick<ToolOutput, "activates" | "plan" | "loads"> = {},
    ) =>
    (mailbox: Mailbox) => {
      const { toolCallId, toolName } = part;
      const { turn, index } = place;
      const events: NewEvent[] = [
        { type: "tool.completed", turn, index, toolCallId, toolName, ...fields },
      ];
      const tools = activatedTools(run.session.toolbox, activates);
      if (tools.length > 0) events.push({ type: "tools.activated", turn, index, tools });
      if (loads !== undefined) events.push({ type: "skill.loaded", turn, index, ...loads });
      if (plan !== undefined) events.push({ type: "plan.updated", turn, index, steps: [...plan] });
      const stored = run.append(events);
      return { ...spokenIn(mailbox, place), seq: stored.at(-1)?.seq ?? 0, parkedOn: null };
    };

  return {
    name: "tool.call",
    run: async (input, context) => {
      const { turn, index } = input;
      const place = { ...scopeOf(input), turn, index };
      const run = scopedRun(ports, context.runId, place);
      const part = toolCallsOf(run.read(), turn)[index];
      if (part === undefined)
        return record(
          run,
          place,
          lostCall,
          refused("agents.lost_call", "The call is not in the log."),
        );
      const { toolCallId, toolName, argumentsText } = part;
      const ready = prepare(run, place, part);
      const started = { toolCallId, toolName, argumentsText };
      const begin: NewEvent = { type: "tool.started", turn, index, ...started };
      // What may change something is in the log before it can have.
      if ("tool" in ready && isAlone(ready.tool)) run.append([begin]);
      else run.begin(begin);
      if ("refusal" in ready) return record(run, place, part, ready.refusal);
      const outcome = await callTool(run, context, place, part, ready);
      leaveIfUnfinished(context, outcome);
      if (!outcome.ok && outcome.error.kind === "approval_required") {
        const { approvalId = "", ruleId, message } = outcome.error;
        const { callId } = outcome.record;
        const asking = { ...(ruleId === undefined ? {} : { ruleId }), callId };
        return () => {
          const [stored] = run.append([
            { type: "run.parked", approvalId, toolName, message, ...asking },
          ]);
          return { seq: stored?.seq ?? 0, parkedOn: approvalId };
        };
      }
      const work = outcome.ok ? outcome.value.delegates : undefined;
      if (work !== undefined) {
        return (mailbox) => {
          // Others may have begun since this one was looked at.
          const refusal = cannotDelegate(run);
          if (refusal !== undefined) return record(run, place, part, refusedBy(refusal))(mailbox);
          return { seq: beginAgent(run, place, work, outcome.record), parkedOn: null, begun: true };
        };
      }
      return record(run, place, part, resultOf(outcome, run), outcome.ok ? outcome.value : {});
    },
  };
}

interface Ready {
  readonly tool: OfferedTool;
  readonly args: JsonObject;
  /** What is left of the run's time. Milliseconds. */
  readonly leftMs: number;
}

/** The tool and its checked arguments, or the words that tell the model what was wrong. */
function prepare(
  run: ScopedRun,
  place: CallPlace,
  part: ToolCallPart,
): Ready | { readonly refusal: ToolResultFields } {
  const { toolbox, limits } = run.session;
  if (place.index >= limits.maxToolCallsPerStep) {
    return {
      refusal: refused(
        "agents.too_many_calls",
        `Not run: at most ${limits.maxToolCallsPerStep} calls run in one turn. Ask for it again in the next; a turn that asks for more again is the last one with tools.`,
      ),
    };
  }
  const tool = toolbox.find(part.toolName);
  if (!tool.ok) return { refusal: refusedBy(tool.error) };
  const events = run.read();
  // What another call of the turn has found by now was not there when this one was written.
  const askedAt = turnAnswer(events, place.turn)?.seq ?? 0;
  if (!shownTools(toolbox, events, askedAt).includes(tool.value)) {
    return { refusal: refusedBy(notActive(part.toolName)) };
  }
  const stuck = refusalOf(noticeBefore(events, place.turn), part);
  if (stuck !== undefined) return { refusal: refusedBy(stuck) };
  const raw = parseArguments(part.argumentsText);
  if (!raw.ok) return { refusal: refusedBy(raw.error) };
  const args = tool.value.parse(raw.value);
  if (!args.ok) return { refusal: refusedBy(args.error) };
  const refusal = tool.value.name === delegateName ? cannotDelegate(run) : undefined;
  if (refusal !== undefined) return { refusal: refusedBy(refusal) };
  const leftMs = run.timeLeftMs();
  if (leftMs <= 0) {
    return { refusal: refused("agents.time_is_up", "Not run: the run's time is over.") };
  }
  return { tool: tool.value, args: args.value, leftMs };
}

function callTool(
  run: ScopedRun,
  { signal }: ActivityContext,
  place: CallPlace,
  part: ToolCallPart,
  { tool, args, leftMs }: Ready,
): Promise<CallOutcome<ToolOutput>> {
  return run.session.toolbox.call(tool, args, {
    ...callOptions(run, toolCallName(place), signal),
    ...run.scope,
    totalMs: leftMs,
    onProgress: (message) =>
      run.live({
        type: "tool.progress",
        turn: place.turn,
        toolCallId: part.toolCallId,
        message,
      }),
  });
}

/**
 * What the log keeps of a call that was made.
 * @param run whose log it is, for a tool that reads there
 */
export function resultOf(
  outcome: CallOutcome<ToolOutput>,
  run: Pick<ScopedRun, "read" | "scope">,
): ToolResultFields {
  const { record } = outcome;
  const common = {
    decision: eventDecision(record.decision),
    attempts: record.attempts.length,
    durationMs: record.durationMs,
    callId: record.callId,
  };
  if (outcome.ok) {
    const { reads, injection } = outcome.value;
    const { content, isError } =
      reads === undefined ? outcome.value : readResult(run.read(), run.scope.agentPath, reads);
    const signs = injection === undefined ? {} : { injection };
    return { ...common, content: clip(content), isError, ...signs };
  }
  const error = outcome.error.toJSON();
  const isQuoted = causesOf(outcome.error).some((one) => isBoundaryError(one) && one.quotesOutside);
  return { ...common, content: isQuoted ? quoted(error) : wordsOf(error), isError: true, error };
}

const longestResult = 1_000_000;

/**
 * The log keeps results whole, and the model is shown what of them fits. Beyond this length one is
 * no text that anybody reads; it is cut in the middle, and says so.
 */
function clip(content: string): string {
  if (content.length <= longestResult) return content;
  const head = content.slice(0, longestResult * 0.7);
  const tail = content.slice(-longestResult * 0.3);
  const left = content.length - head.length - tail.length;
  return `${head}\n[… ${left} of ${content.length} characters left out; ask for a part of it …]\n${tail}`;
}

/** What the log keeps of a call that could not be made. */
export function refusedBy(thrown: unknown): ToolResultFields {
  const error = toAgent33Error(thrown).toJSON();
  return {
    content: wordsOf(error),
    isError: true,
    decision: null,
    attempts: 0,
    durationMs: 0,
    error,
  };
}

function refused(code: string, message: string): ToolResultFields {
  return {
    content: message,
    isError: true,
    decision: null,
    attempts: 0,
    durationMs: 0,
    error: { code, message, retryable: false },
  };
}

/** An error in which words of the other side stand: these are no instructions either. */
function quoted({ code, message, hint }: ErrorData): string {
  const told = fromOutside([], `${code}: ${message}`);
  return hint === undefined ? told : `${told}\n${hint}`;
}

function wordsOf(error: ErrorData): string {
  return error.hint === undefined
    ? `${error.code}: ${error.message}`
    : `${error.code}: ${error.message} ${error.hint}`;
}

const lostCall: ToolCallPart = {
  type: "tool_call",
  toolCallId: "lost",
  toolName: "unknown",
  argumentsText: "",
};
