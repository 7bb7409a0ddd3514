import type { Workflow, WorkflowContext } from "../durable/contract.ts";
import type { PersonTopic, RunOutcome, StopReason } from "../events/event.ts";
import { condense } from "./condense.ts";
import { endAgent, finishRun, verification } from "./completion.ts";
import { sideBySide } from "./delegate.ts";
import { handBack } from "./delegation.ts";
import { toolCall } from "./execute.ts";
import { completionGate } from "./gate.ts";
import { approvalTopic, type AgentPorts } from "./ports.ts";
import { pathBelow, type Scope } from "./scope.ts";
import { personHeard, type Spoken, takeWords } from "./steering.ts";
import { type CallPlan, modelTurn, type TurnResult } from "./turn.ts";
import type { SummaryWriter, TurnPlace } from "./turn-request.ts";

export type AgentRunInput = {
  /** The last event that stood in the log when the run was created. */
  readonly horizon: number;
  /** Milliseconds that a question to a person may stay open. */
  readonly approvalTtlMs: number;
  /** Set where it waits for a worker: what a person says meanwhile is heard before its first turn. */
  readonly queued?: true;
};
export type AgentRunResult = { readonly outcome: RunOutcome };

/** What one agent of a run works in. */
interface Work {
  readonly context: WorkflowContext;
  readonly scope: Scope;
  /** Milliseconds that a question to a person may stay open. */
  readonly ttlMs: number;
}

/** How a call ended: its last event, and whether a person spoke meanwhile. */
type Called = Spoken & { readonly seq: number };

/** Times that an answer may break off half-way in a row. */
const turnTries = 3;

/**
 * The loop: a model turn, then its tool calls, until a turn asks for none; then what a person has
 * left for that moment, then the task's check, then the end. What a person says to steer it is heard
 * after each step. It is a deterministic workflow: everything that it knows came out of a journalled
 * activity, so that a crash at any point resumes here with the same decisions.
 */
export function agentRun(ports: AgentPorts): Workflow<AgentRunInput, AgentRunResult> {
  const turnActivity = modelTurn(ports);
  const condenseActivity = condense(ports);
  const toolActivity = toolCall(ports);
  const heardActivity = personHeard(ports);
  const gate = completionGate(ports);
  const handBackActivity = handBack(ports);
  const endActivity = endAgent(ports);
  const verifyActivity = verification(ports);
  const finishActivity = finishRun(ports);

  /** Makes room for a turn, with its waits for a person. */
  const makeRoom = async (work: Work, place: TurnPlace, by: SummaryWriter): Promise<void> => {
    const { context, ttlMs } = work;
    for (let ask = 1; ; ask += 1) {
      const { parkedOn } = await context.call(condenseActivity, { ...place, by, ask });
      if (parkedOn === null) return;
      await context.wait(approvalTopic(parkedOn), ttlMs);
    }
  };

  /** One model turn with its waits for a person. */
  const askModel = async (work: Work, turn: number, horizon: number): Promise<TurnResult> => {
    const { context, scope, ttlMs } = work;
    const place = { ...scope, turn, horizon };
    for (let ask = 1; ; ask += 1) {
      const result = await context.call(turnActivity, { ...place, ask });
      if (result.room !== undefined) await makeRoom(work, place, result.room);
      else if (result.parkedOn === null) return result;
      else await context.wait(approvalTopic(result.parkedOn), ttlMs);
    }
  };

  /** One call with its waits for a person, and the agent that it hands work to. */
  const callTool = async (work: Work, turn: number, index: number): Promise<Called> => {
    const { context, scope, ttlMs } = work;
    const place = { ...scope, turn, index };
    for (let ask = 1; ; ask += 1) {
      const result = await context.call(toolActivity, { ...place, ask });
      if (result.parkedOn !== null) await context.wait(approvalTopic(result.parkedOn), ttlMs);
      else if (result.begun === undefined) return result;
      else {
        const below: Work = { ...work, scope: { agentPath: pathBelow(place) } };
        const { stop, horizon } = await turns(below, result.seq);
        return context.call(handBackActivity, { ...place, stop, horizon });
      }
    }
  };

  /** Calls that run side by side, so many at a time. Once a person has spoken, no other begins. */
  const callGroup = async (work: Work, turn: number, group: readonly number[], lanes: number) => {
    const results: Called[] = [];
    let begun = 0;
    const lane = async (): Promise<void> => {
      while (!work.context.signal.aborted && !results.some(isSteered)) {
        const index = group[begun];
        if (index === undefined) return;
        begun += 1;
        results.push(await callTool(work, turn, index));
      }
    };
    await Promise.all(Array.from({ length: Math.min(lanes, group.length) }, lane));
    return { results, begun };
  };

  /** What a person said is written down, and what the turn has not begun is not run. */
  const hear = async (
    { context, scope }: Work,
    topic: PersonTopic,
    turn: number,
    notRunFrom: number | null,
  ) => {
    // The words are for the run's own agent; one that works for it only leaves off.
    const said = scope.agentPath === undefined ? await takeWords(context, topic) : [];
    const heard = await context.call(heardActivity, { ...scope, turn, notRunFrom, topic, said });
    return heard.seq;
  };

  /** What a person said before anybody worked on the run. */
  const hearFirst = async ({ context }: Work, horizon: number): Promise<number> => {
    const topic = "steering";
    const said = await takeWords(context, topic);
    if (said.length === 0) return horizon;
    const heard = await context.call(heardActivity, { turn: 1, notRunFrom: null, topic, said });
    return heard.seq;
  };

  /** The turn's calls, as far as nobody steers the agent away from them. */
  const callTools = async (work: Work, turn: number, answer: TurnResult) => {
    const { calls } = answer;
    const { signal } = work.context;
    let last = 0;
    let index = 0;
    let steered = isSteered(answer);
    while (index < calls.length && !steered && !signal.aborted) {
      const group = groupAt(calls, index);
      const lanes = calls[group[0] ?? 0]?.delegates === true ? sideBySide : group.length;
      const { results, begun } = await callGroup(work, turn, group, lanes);
      index += begun;
      last = Math.max(last, ...results.map(({ seq }) => seq));
      steered = results.some(isSteered);
    }
    if (!steered || signal.aborted) return { seq: last, steered: false };
    const leftOver = index < calls.length || isOwn(work);
    return { seq: leftOver ? await hear(work, "steering", turn, index) : last, steered };
  };

  /** One agent's turns, until it is done or must stop. */
  const turns = async (
    work: Work,
    from: number,
  ): Promise<{ stop: StopReason; horizon: number }> => {
    const { context } = work;
    let horizon = from;
    let checks = 0;
    let brokenOff = 0;
    for (let turn = 1; ; turn += 1) {
      if (context.signal.aborted) return { stop: { reason: "cancelled" }, horizon };
      const answer = await askModel(work, turn, horizon);
      horizon = answer.seq;
      if (answer.stop !== null) {
        brokenOff += 1;
        if (!answer.again || brokenOff === turnTries) return { stop: answer.stop, horizon };
        if (isSteered(answer) && !context.signal.aborted) {
          if (!isOwn(work)) return { stop: { reason: "steered" }, horizon };
          horizon = await hear(work, "steering", turn, null);
        }
        continue;
      }
      brokenOff = 0;
      if (answer.limit !== null) return { stop: answer.limit, horizon };
      if (answer.calls.length > 0) {
        const { seq, steered } = await callTools(work, turn, answer);
        horizon = Math.max(horizon, seq);
        if (steered && !isOwn(work)) return { stop: { reason: "steered" }, horizon };
        continue;
      }
      if (answer.spoke !== undefined && isOwn(work) && !context.signal.aborted) {
        horizon = await hear(work, answer.spoke, turn, null);
        continue;
      }
      // Where its definition says nothing of it, its work is judged by the one that it works for.
      if (!isOwn(work) && answer.judged !== true) {
        return { stop: { reason: "done" }, horizon };
      }
      checks += 1;
      const at = { ...work.scope, attempt: checks, horizon };
      const verdict = await gate(context, at, work.ttlMs);
      horizon = verdict.seq;
      if (context.signal.aborted) return { stop: { reason: "cancelled" }, horizon };
      if (verdict.stop !== null) return { stop: verdict.stop, horizon };
      const { spoke, sentBack } = verdict;
      if (spoke !== undefined && !isOwn(work)) return { stop: { reason: "steered" }, horizon };
      // An agent that is sent back does not stop yet: a follow-up waits until it would.
      if (spoke === "steering" || (spoke !== undefined && !sentBack)) {
        horizon = await hear(work, spoke, turn, null);
      } else if (!sentBack) return { stop: { reason: "done" }, horizon };
    }
  };

  return {
    name: "agent.run",
    version: 1,
    run: async (context, input) => {
      const work: Work = { context, scope: {}, ttlMs: input.approvalTtlMs };
      const from = input.queued === true ? await hearFirst(work, input.horizon) : input.horizon;
      const { stop, horizon } = await turns(work, from);
      await context.call(endActivity, { stop, horizon });
      if (stop.reason !== "cancelled") await context.call(verifyActivity, null);
      // A verdict that was interrupted is none.
      const last: StopReason = context.signal.aborted ? { reason: "cancelled" } : stop;
      return context.call(finishActivity, { stop: last, horizon });
    },
  };
}

/** The places of the calls from one on that run side by side with it. */
function groupAt(calls: readonly CallPlan[], from: number): readonly number[] {
  const first = calls[from];
  const end = calls.findIndex(
    ({ alone, delegates }, place) =>
      place > from && (alone || first?.alone !== false || delegates !== first.delegates),
  );
  const length = (end === -1 ? calls.length : end) - from;
  return Array.from({ length }, (_none, offset) => from + offset);
}

/** Whether it is the run's own agent that works, to which people speak. */
function isOwn({ scope }: Work): boolean {
  return scope.agentPath === undefined;
}

function isSteered({ spoke }: Spoken): boolean {
  return spoke === "steering";
}
