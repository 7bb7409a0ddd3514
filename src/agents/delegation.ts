import { Agent33Error } from "../base/errors.ts";
import { formatMicroUsd } from "../base/money.ts";
import type { CallRecord } from "../boundary/types.ts";
import type { Activity } from "../durable/contract.ts";
import type { RunTotals, StopReason } from "../events/event.ts";
import { endingMark } from "./delegate.ts";
import { usedTokens } from "./limits.ts";
import { childLimits } from "./child-limits.ts";
import type { AgentPorts } from "./ports.ts";
import { type CallPlace, pathBelow, scopeOf } from "./scope.ts";
import { activeIn, type ScopedRun, scopedRun, startOf } from "./scoped-run.ts";
import { foldRun, toolCallsOf } from "./state.ts";
import { type Spoken, spokenIn } from "./steering.ts";
import { stopWords } from "./stop-words.ts";
import { eventDecision } from "./turn.ts";

/** Why no more work can be handed to another agent now; undefined when it can. */
export function cannotDelegate(run: ScopedRun): Agent33Error | undefined {
  const reached = run.reachedLimit();
  if (reached !== undefined) {
    return new Agent33Error("agents.nothing_left", `Not begun: ${stopWords(reached)}.`, {
      hint: "Finish with what there is.",
    });
  }
  if (run.left().maxSubagents > 0) return undefined;
  return new Agent33Error(
    "agents.too_many_agents",
    "Not begun: no more work may be handed to other agents in this run.",
    { hint: "Do the rest yourself. The limit is `limits.maxSubagents`." },
  );
}

/** Writes down that another agent begins. Returns the last event. */
export function beginAgent(
  run: ScopedRun,
  place: CallPlace,
  work: { readonly agent: string; readonly task: string },
  record: CallRecord,
): number {
  const found = run.session.subAgents.find(({ agent }) => agent.name === work.agent);
  if (found === undefined) {
    throw new Agent33Error("agents.lost_agent", `There is no agent ${work.agent} to hand work to.`);
  }
  const agentPath = pathBelow(place);
  const stored = run.append([
    {
      type: "agent.started",
      agentPath,
      agent: found.id,
      limits: { ...childLimits(run, found.agent) },
      decision: eventDecision(record.decision),
      callId: record.callId,
    },
    { type: "message.user", agentPath, text: work.task, from: "engine" },
  ]);
  return stored.at(-1)?.seq ?? 0;
}

export type HandBackInput = CallPlace & {
  readonly stop: StopReason;
  /** The last event that the other agent saw. */
  readonly horizon: number;
};

export type HandBackResult = Spoken & { readonly seq: number };

/** The other agent has ended: its last words and what it cost are the result of the call. */
export function handBack(ports: AgentPorts): Activity<HandBackInput, HandBackResult> {
  return {
    name: "agent.hand_back",
    run: async (input, { runId }) => {
      const { turn, index, stop, horizon } = input;
      const below = { agentPath: pathBelow(input) };
      return (mailbox) => {
        const run = scopedRun(ports, runId, scopeOf(input));
        const log = run.readAll();
        const start = startOf(log, below);
        const { lastText: summary } = foldRun(log, horizon, below);
        const { totals } = foldRun(log, Number.MAX_SAFE_INTEGER, below);
        const durationMs = activeIn(log, below, ports.now());
        const spent = { ...totals, durationMs };
        const part = toolCallsOf(run.read(), turn)[index];
        const stored = run.append([
          { type: "agent.stopped", ...below, stop, summary, totals: spent },
          {
            type: "tool.completed",
            turn,
            index,
            toolCallId: part?.toolCallId ?? "lost",
            toolName: part?.toolName ?? "unknown",
            content: report(start.agent, stop, summary, spent),
            isError: stop.reason !== "done",
            decision: start.decision,
            attempts: 1,
            durationMs,
            ...(stop.reason === "done" ? {} : { error: stoppedError(start.agent, stop) }),
            callId: start.callId,
          },
        ]);
        return { ...spokenIn(mailbox, input), seq: stored.at(-1)?.seq ?? horizon };
      };
    },
  };
}

function report(agent: string, stop: StopReason, summary: string, spent: RunTotals): string {
  const words = summary.trim() === "" ? "It said nothing." : summary.trim();
  return `${words}${endingMark}${agent}: ${stopWords(stop)}. ${costWords(spent)}]`;
}

function costWords(spent: RunTotals): string {
  const money = [
    ...(spent.turns > 0 && spent.unpricedCalls === spent.turns
      ? []
      : [formatMicroUsd(spent.costMicroUsd)]),
    ...(spent.unpricedCalls === 0 ? [] : [`${spent.unpricedCalls} unpriced calls`]),
  ].join(" and ");
  return `${spent.turns} turns, ${spent.toolCalls} tool calls, ${usedTokens(spent)} tokens, ${money}.`;
}

function stoppedError(agent: string, stop: StopReason) {
  return new Agent33Error(
    "agents.sub_agent_stopped",
    `${agent} did not finish: ${stopWords(stop)}.`,
    {
      hint: "Use what it has found so far, or hand over a smaller piece.",
    },
  ).toJSON();
}
