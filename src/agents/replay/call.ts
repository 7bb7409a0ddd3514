import type { ActivityContext } from "../../durable/contract.ts";
import type { EventOf, FromLogReason, NewEvent } from "../../events/event.ts";
import { parseArguments } from "../../tools/arguments.ts";
import { callOptions, leaveIfReleased } from "../call-options.ts";
import { refusedBy, resultOf, type ToolResultFields } from "../execute.ts";
import type { AgentPorts } from "../ports.ts";
import { scopeOf, toolCallName } from "../scope.ts";
import { scopedRun } from "../scoped-run.ts";
import { relocate, type Relocation } from "./relocation.ts";
import { replayPolicy, replayRules } from "./policy.ts";
import type { EndedCall } from "./steps.ts";

/** The call's result as the log gets it, or the question that it waits for. */
type CallEnd =
  | { readonly result: NewEvent }
  | { readonly result?: never; readonly approvalId: string; readonly event: NewEvent };

/** How calls of a replay are made. */
export interface ReplayManner {
  readonly live: boolean;
  readonly moved: Relocation | undefined;
}

type Result = EventOf<"tool.completed">;

/**
 * One call of the log, made again where that can do no harm or a person has said yes, and else
 * answered from the log.
 */
export async function replayCall(
  ports: AgentPorts,
  { runId, signal }: ActivityContext,
  call: EndedCall,
  { live, moved }: ReplayManner,
): Promise<CallEnd> {
  const { place, part, result } = call;
  const { turn, index } = place;
  const { toolCallId, toolName } = part;
  const run = scopedRun(ports, runId, place);
  const { session } = run;
  const argumentsText = movedArguments(part.argumentsText, moved);
  run.append([{ type: "tool.started", turn, index, toolCallId, toolName, argumentsText }]);
  const record = (fields: Omit<NewToolResult, "type" | keyof Call>): CallEnd => ({
    result: {
      ...scopeOf(place),
      type: "tool.completed",
      turn,
      index,
      toolCallId,
      toolName,
      ...fields,
    },
  });
  const kept = whyKept(call, argumentsText);
  if (kept !== undefined) return record(fromLog(result, kept));

  const found = session.toolbox.find(toolName);
  if (!found.ok) return record(refusedBy(found.error));
  const raw = parseArguments(argumentsText);
  const args = raw.ok ? found.value.parse(raw.value) : raw;
  if (!args.ok) return record(refusedBy(args.error));
  const tool = found.value;
  const outside =
    tool.staysInWorkspace !== true && session.toolbox.effectOf(tool, args.value) !== "read";
  if (outside && !live) return record(fromLog(result, "outside"));
  const trusted = tool.staysInWorkspace === true || result.decision?.effect === "ask";
  const outcome = await session.toolbox.call(tool, args.value, {
    ...callOptions(run, toolCallName(place), signal),
    ...run.scope,
    policy: replayPolicy(session.policy, { trusted, outside, live }),
    onProgress: (message) => run.live({ type: "tool.progress", turn, toolCallId, message }),
  });
  leaveIfReleased(signal);
  if (outcome.ok) return record(resultOf(outcome, run));
  const { error } = outcome;
  if (error.kind === "approval_required") {
    const approvalId = error.approvalId ?? "";
    const { callId } = outcome.record;
    const parked = { type: "run.parked" as const, approvalId, toolName, callId };
    const event = { ...parked, message: error.message };
    return { approvalId, event: { ...scopeOf(place), ...event } };
  }
  if (error.kind === "approval_denied" || error.kind === "approval_expired") {
    return record(fromLog(result, "declined"));
  }
  if (outcome.record.decision.ruleId === replayRules.unasked) {
    return record(fromLog(result, "unasked"));
  }
  return record(resultOf(outcome, run));
}

type NewToolResult = Extract<NewEvent, { type: "tool.completed" }>;
type Call = Pick<NewToolResult, "agentPath" | "turn" | "index" | "toolCallId" | "toolName">;

/** A placeholder that stands for a secret. */
const secret = /\[secret(?::[^\]]+)?\]/;

/** Results that say of a call that it was not made, or not whether it was. */
const notMade: Readonly<Record<string, FromLogReason>> = {
  "boundary.approval_denied": "not_approved",
  "boundary.approval_expired": "not_approved",
  "boundary.outcome_unknown": "unknown",
  "boundary.cancelled": "unknown",
};

/** Why a call cannot be made as it was, if it cannot. */
function whyKept({ result, asked }: EndedCall, argumentsText: string): FromLogReason | undefined {
  if (asked) return "answered";
  if (result.decision === null) return "refused";
  const why = notMade[result.error?.code ?? ""];
  return why ?? (secret.test(argumentsText) ? "secret" : undefined);
}

function fromLog(
  result: Result,
  why: FromLogReason,
): ToolResultFields & { fromLog: FromLogReason } {
  const { content, isError, decision, error } = result;
  return {
    content,
    isError,
    decision,
    attempts: 0,
    durationMs: 0,
    fromLog: why,
    ...(error === undefined ? {} : { error }),
  };
}

/** Arguments that name the workspace of the run name its scratch copy instead. */
function movedArguments(argumentsText: string, moved: Relocation | undefined): string {
  if (moved === undefined) return argumentsText;
  const inJson = (path: string): string => JSON.stringify(path).slice(1, -1);
  return relocate(argumentsText, { from: inJson(moved.from), to: inJson(moved.to) });
}
