import type { WorkflowContext } from "../durable/contract.ts";
import type { StopReason } from "../events/event.ts";
import { runChecks } from "./checks.ts";
import { askJudge, type JudgeResult } from "./judge.ts";
import { approvalTopic, type AgentPorts } from "./ports.ts";
import type { Scope } from "./scope.ts";
import type { Spoken } from "./steering.ts";

/** What becomes of an agent that says that it is done. */
export type GateResult = Spoken & {
  readonly seq: number;
  readonly sentBack: boolean;
  readonly stop: StopReason | null;
};

/**
 * The gate before the end: the checks in their order, then the judge where one is asked for. Part of
 * the workflow: each of its steps is journalled.
 * @param ttlMs how long a question to a person may stay open
 */
export function completionGate(
  ports: AgentPorts,
): (
  context: WorkflowContext,
  at: Scope & { readonly attempt: number; readonly horizon: number },
  ttlMs: number,
) => Promise<GateResult> {
  const checkActivity = runChecks(ports);
  const judgeActivity = askJudge(ports);

  /** One question with its waits for a person. */
  const ask = async (
    context: WorkflowContext,
    question: Scope & {
      readonly attempt: number;
      readonly try: number;
      readonly horizon: number;
    },
    ttlMs: number,
  ): Promise<JudgeResult> => {
    for (let ask = 1; ; ask += 1) {
      const result = await context.call(judgeActivity, { ...question, ask });
      if (result.parkedOn === null) return result;
      await context.wait(approvalTopic(result.parkedOn), ttlMs);
    }
  };

  return async (context, at, ttlMs) => {
    const verdict = await context.call(checkActivity, at);
    // Who is spoken to goes on anyway, and is judged when it is done again.
    const isJudged = verdict.judge === true && verdict.spoke === undefined;
    if (!isJudged || context.signal.aborted) return { ...verdict, stop: verdict.stop ?? null };
    let { seq } = verdict;
    for (let tried = 1; ; tried += 1) {
      const result = await ask(context, { ...at, try: tried, horizon: seq }, ttlMs);
      seq = result.seq;
      if (!result.again || context.signal.aborted) return result;
    }
  };
}
