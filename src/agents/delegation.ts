import { Agent33Error } from "../base/errors.ts";
import { formatMicroUsd } from "../base/money.ts";
import type { CallRecord } from "../boundary/types.ts";
import type { Activity } from "../durable/contract.ts";
import type { RunOutcome, RunTotals, StopReason, StoredEvent } from "../events/event.ts";
import type { HandedWork } from "../tools/tool.ts";
import { outcomeOf } from "./completion.ts";
import { endingMark } from "./delegate.ts";
import { inputText } from "./inputs.ts";
import { usedTokens } from "./limits.ts";
import { childLimits } from "./child-limits.ts";
import type { AgentPorts } from "./ports.ts";
import { type CallPlace, eventsOfAgent, pathBelow, scopeOf } from "./scope.ts";
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
  work: HandedWork,
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
      ...(work.inputs === undefined ? {} : { inputs: work.inputs }),
      limits: { ...childLimits(run, found.agent) },
      decision: eventDecision(record.decision),
      callId: record.callId,
    },
    { type: "message.user", agentPath, text: textOf(work), from: "engine" },
  ]);
  return stored.at(-1)?.seq ?? 0;
}

function textOf({ task, inputs }: HandedWork): string {
  return inputs === undefined ? task : `${task}\n\n${inputText(inputs)}`;
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
        const own = eventsOfAgent(log, below);
        const end: AgentEnd = { agent: start.agent, stop, outcome: outcomeOf(own, stop) };
        const error = errorOf(end);
        const part = toolCallsOf(run.read(), turn)[index];
        const stored = run.append([
          {
            type: "agent.stopped",
            ...below,
            stop,
            summary,
            outcome: end.outcome,
            totals: spent,
          },
          {
            type: "tool.completed",
            turn,
            index,
            toolCallId: part?.toolCallId ?? "lost",
            toolName: part?.toolName ?? "unknown",
            content: report(end, summary, spent, own),
            isError: error !== undefined,
            decision: start.decision,
            attempts: 1,
            durationMs,
            ...(error === undefined ? {} : { error: error.toJSON() }),
            callId: start.callId,
          },
        ]);
        return { ...spokenIn(mailbox, input), seq: stored.at(-1)?.seq ?? horizon };
      };
    },
  };
}

/** How an agent ended that worked for another. */
interface AgentEnd {
  readonly agent: string;
  readonly stop: StopReason;
  /** What its work is worth, by what its own definition says of it. */
  readonly outcome: RunOutcome;
}

function report(
  { agent, stop, outcome }: AgentEnd,
  summary: string,
  spent: RunTotals,
  own: readonly StoredEvent[],
): string {
  const words = summary.trim() === "" ? "It said nothing." : summary.trim();
  const worth = stop.reason === "done" ? ` ${worthWords(outcome, own)}` : "";
  return `${words}${endingMark}${agent}: ${stopWords(stop)}. ${costWords(spent)}${worth}]`;
}

/** So much of what a check says is told to the agent that handed the work over. */
const checkCharacters = 2_000;

function worthWords(outcome: RunOutcome, own: readonly StoredEvent[]): string {
  if (outcome === "verified") return "Verified: its work passed all checks of its definition.";
  if (outcome === "unverified") return "Unverified: nothing has looked at its work.";
  const check = own.findLast((event) => event.type === "check.completed");
  if (check?.error !== undefined) {
    return `Not verified: a check of its work could not run (${check.error.code}: ${check.error.message})`;
  }
  const found = check?.output.trim() ?? "";
  const shown =
    found.length <= checkCharacters ? found : `[…] ${found.slice(found.length - checkCharacters)}`;
  return `Refuted: a check of its work still fails. It says: ${shown}`;
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

function errorOf({ agent, stop, outcome }: AgentEnd): Agent33Error | undefined {
  if (stop.reason !== "done") {
    return new Agent33Error(
      "agents.sub_agent_stopped",
      `${agent} did not finish: ${stopWords(stop)}.`,
      { hint: "Use what it has found so far, or hand over a smaller piece." },
    );
  }
  if (outcome === "refuted") {
    return new Agent33Error(
      "agents.sub_agent_refuted",
      `${agent} says that it is done, but a check of its work still fails.`,
      { hint: "Do not rely on it: mend what the check found, or hand it over again." },
    );
  }
  if (outcome !== "failed") return undefined;
  return new Agent33Error(
    "agents.sub_agent_unchecked",
    `${agent} says that it is done, but a check of its work could not run.`,
    { hint: "Look at its work yourself before you rely on it." },
  );
}
