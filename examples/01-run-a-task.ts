/**
 * An engine inside a program of one's own: a task is created, followed, driven and judged.
 * The task brings scripted turns, so no model is called; its tools, its policy decisions, its check
 * and its hidden tests are real. Run it with: node examples/01-run-a-task.ts
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, loadConfig, thisHost } from "../src/index.ts";

const folder = await mkdtemp(join(tmpdir(), "agent33-example-"));
const data = join(folder, "data");
const task = join(import.meta.dirname, "tasks/ledger-reconcile");

const config = loadConfig({
  cwd: folder,
  env: {},
  flags: [{ setting: "data", flag: "--data", value: data }],
});
const engine = createEngine(config, thisHost(process.env));
try {
  const runId = await engine.runs.create({
    task: { kind: "folder", path: task, environment: "host" },
    model: undefined, // the task's own script; else for example "anthropic:NAME"
    effort: undefined,
    mcpCommands: [],
  });
  const stopFollowing = engine.runs.follow(runId, (event) => {
    if (event.type === "check.completed") console.log(`check passed: ${event.passed}`);
  });
  const { outcome } = await engine.runs.drive(runId);
  stopFollowing();
  console.log(`outcome: ${outcome}`);
  assert.equal(outcome, "verified");

  // The log can be read at any time, by any process, and it is complete: 1, 2, 3, …
  const log = engine.store.runLog.read(runId);
  assert.deepEqual(
    log.map((event) => event.seq),
    log.map((_event, index) => index + 1),
  );

  // The task's own check sent the agent back once; then it passed.
  const checks = log.filter((event) => event.type === "check.completed");
  assert.deepEqual(
    checks.map((check) => check.passed),
    [false, true],
  );

  const [started] = log;
  const finished = log.at(-1);
  assert(started?.type === "run.started" && started.workspace !== null);
  assert(finished?.type === "run.finished");
  assert.deepEqual(
    finished.filesChanged.map((file) => file.path),
    ["adjustments.jsonl", "corrected-ledger.csv", "report.json", "report.md"],
  );
  const report: unknown = JSON.parse(
    await readFile(join(started.workspace, "report.json"), "utf8"),
  );
  assert(typeof report === "object" && report !== null && "totals" in report);

  // Every call that left the process is in the audit, with the rule that let it pass.
  const { items: calls } = engine.store.audit.list({ runId, limit: 100 });
  assert(calls.length > finished.totals.toolCalls);
  assert(calls.every((call) => call.decision === "allow" && call.state === "closed"));
  console.log(
    `${calls.length} governed calls, the last: ${calls[0]?.connector} by ${calls[0]?.ruleId}`,
  );
} finally {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
}
