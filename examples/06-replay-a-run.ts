/**
 * Holds a run against what its tools say now: first nothing differs, then one file that the run
 * began with is another. No model is called. Run it with: node examples/06-replay-a-run.ts
 */
import assert from "node:assert/strict";
import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, loadConfig, thisHost } from "../src/index.ts";

const folder = await mkdtemp(join(tmpdir(), "agent33-example-"));
const task = join(folder, "ledger");
await cp(join(import.meta.dirname, "tasks/ledger-reconcile"), task, { recursive: true });

const config = loadConfig({ cwd: folder, env: {}, flags: [] });
const engine = createEngine(config, thisHost(process.env));
try {
  const runId = await engine.runs.create({
    task: { kind: "folder", path: task, environment: "host" },
    model: undefined,
    effort: undefined,
    mcpCommands: [],
  });
  await engine.runs.drive(runId);

  const unchanged = await engine.runs.replay(runId);
  console.log(`${unchanged.counts.same} calls gave the same`);
  assert.equal(unchanged.differs, false);

  await appendFile(join(task, "environment/data/fx-rates.csv"), "2026-04-01,0.9,1.2\n");
  const report = await engine.runs.replay(runId);
  for (const call of report.calls) if (call.status === "differs") console.log(call.diff);
  assert.deepEqual(
    report.calls.filter((call) => call.status === "differs").map((call) => call.tool),
    ["filesystem__read_multiple_files"],
  );
} finally {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
}
