import type { Connector } from "../../src/boundary/connector.ts";
import type { Engine } from "../../src/engine.ts";

/** A model whose answer costs as many micro-USD as its question says. */
export function paidModel(engine: Engine): Connector<number, number> {
  return engine.boundary.connector<number, number, never>({
    id: "model:paid",
    facts: () => ({ operation: "chat", effect: "read", repeat: "safe" }),
    run: async ({ input }) => input,
    measure: (micro) => ({ costMicroUsd: micro, tokens: 10 }),
  });
}

const zero = { turns: 0, toolCalls: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
const totals = { ...zero, failedTokens: 0, costMicroUsd: 0, unpricedCalls: 0, durationMs: 1 };

/** A run's decision on its effort and its end, as runs write them. */
export function decideEffort(engine: Engine, id: string): void {
  const { runs, runLog, transactions } = engine.store;
  const given = { task: "Decide.", agent: "worker@1", model: "model:paid", effort: "low" } as const;
  transactions.transaction(() => {
    runs.create({ ...given, id, workspace: null, spec: {} });
    runLog.append(id, [
      {
        ...given,
        type: "run.started",
        effortSource: "classifier",
        workspace: null,
        limits: {},
        policy: "default",
        notices: [],
      },
    ]);
  });
  transactions.transaction(() => {
    runLog.append(id, [
      {
        type: "run.finished",
        outcome: "verified",
        stop: { reason: "done" },
        summary: "",
        totals,
        filesChanged: [],
      },
    ]);
    runs.finish(id, { outcome: "verified", costMicroUsd: 0, unpricedCalls: 0 });
  });
}
