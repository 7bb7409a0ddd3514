import { loadConfig } from "../../../src/config/config.ts";
import { createEngine, thisHost } from "../../../src/engine.ts";

/** An engine that makes decisions until it has made so many or is killed. */
const [folder = "", url = "", from = "0", to = "0"] = process.argv.slice(2);
const flag = (setting: string, value: string) => ({ setting, flag: `--${setting}`, value });
const config = loadConfig({
  cwd: folder,
  env: {},
  flags: [
    flag("store.synchronous", "normal"),
    flag("telemetry.jsonl", "told.jsonl"),
    flag("telemetry.otlp.url", url),
  ],
});
const host = {
  ...thisHost({ PATH: process.env["PATH"] ?? "" }),
  cwd: folder,
  warn: () => undefined,
};
const engine = createEngine(config, host);
const model = engine.boundary.connector<number, number, never>({
  id: "model:paid",
  facts: () => ({ operation: "chat", effect: "read", repeat: "safe" }),
  run: async ({ input }) => input,
  measure: (micro) => ({ costMicroUsd: micro, tokens: 10 }),
});
const principal = { tenant: "default", user: "local" };
const runEvery = 20;

for (let at = Number(from); at < Number(to); at += 1) {
  // Denied ones and failed ones are decisions, too.
  await model.tryCall(((at * 7919) % 5_000) + 1, { principal, tier: "low" });
  if (at % runEvery === 0) decideEffort(at);
  if (at % 50 === 0) {
    // Reads are recorded within a second; what is said to be decided is on record.
    await engine.audit.flush();
    process.stdout.write(`${at}\n`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
await engine.close();
process.stdout.write("done\n");

/** A run's decision and its end, as runs write them. */
function decideEffort(at: number): void {
  const { runs, runLog, transactions } = engine.store;
  const id = `run-${host.pid}-${at}`;
  const zero = { turns: 0, toolCalls: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
  const totals = { ...zero, failedTokens: 0, costMicroUsd: 0, unpricedCalls: 0, durationMs: 1 };
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
