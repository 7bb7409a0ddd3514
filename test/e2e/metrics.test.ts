import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { runInProcess } from "../support/cli.ts";
import { testGrant } from "../support/egress.ts";
import { type TestEngine, testEngine } from "../support/engine.ts";

const grant = testGrant("checks metrics with Prometheus' own tool", { spawn: true });
const engines: TestEngine[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
});

function opened(folder?: string): TestEngine {
  // A script costs nothing; with a price it costs what a model would.
  const price = { inputPerMillionUsd: 3, outputPerMillionUsd: 15 };
  const made = testEngine({ prices: { test: price } }, folder);
  engines.push(made);
  return made;
}

async function closed(made: TestEngine): Promise<void> {
  engines.splice(engines.indexOf(made), 1);
  await made.engine.close();
}

const valueOf = (text: string, line: RegExp): number =>
  text
    .split("\n")
    .filter((one) => line.test(one))
    .reduce((sum, one) => sum + Number(one.split(" ").at(-1)), 0);

/** The sum of the audit, row by row. */
function ledger(engine: Engine): number {
  let sum = 0;
  let cursor: string | null = null;
  do {
    const page = engine.store.audit.list(cursor === null ? {} : { cursor });
    for (const { record } of page.items) {
      const spend = record["spend"] as { costMicroUsd?: number } | undefined;
      sum += spend?.costMicroUsd ?? 0;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return sum;
}

async function paidCalls(engine: Engine, costs: readonly number[]): Promise<void> {
  const connector = engine.boundary.connector<number, number, never>({
    id: "model:paid",
    facts: () => ({ operation: "chat", effect: "read", repeat: "safe" }),
    run: async ({ input }) => input,
    measure: (costMicroUsd) => ({ costMicroUsd, tokens: 10 }),
  });
  for (const cost of costs) {
    await connector.call(cost, {
      principal: { tenant: "default", user: "u", agent: "a" } as never,
    });
  }
}

const append = { name: "append_line", arguments: { path: "notes.txt", line: "one" } };

test("metrics say what runs did, pass Prometheus' own check, and are the same after a restart", async () => {
  const first = opened();
  await first.run([{ tool_calls: [append] }, { text: "Done." }]);
  await first.run([{ tool_calls: [{ name: "no_such_tool" }] }]);
  await paidCalls(first.engine, [17, 1_000_003, 0]);
  const text = await first.engine.metrics.text();

  expect(text).toContain('agent33_effort_decisions_total{effort="medium",source="default"} 2\n');
  expect(text).toMatch(/^agent33_runs_finished_total\{effort="medium",run_outcome="failed"\} 1$/m);
  expect(text).toMatch(/^agent33_run_failures_total\{failure="F-DEP"\} 1$/m);
  expect(text).toMatch(
    /^gen_ai_execute_tool_duration_seconds_count\{gen_ai_tool_name="append_line",error_type=""\} 1$/m,
  );
  expect(text).toMatch(/^agent33_runs_open 0$/m);
  const money = valueOf(text, /^agent33_cost_micro_usd_total\{/);
  const ofRuns = first.engine.store.runs.list().items.map(({ costMicroUsd }) => costMicroUsd);
  expect(Math.min(...ofRuns)).toBeGreaterThan(0);
  expect(money).toBe(ofRuns.reduce((sum, cost) => sum + cost, 1_000_020));
  expect(money).toBe(ledger(first.engine));
  expect(valueOf(text, /^agent33_tenant_cost_micro_usd_total\{/)).toBe(money);
  const said = grant.run(() =>
    execFileSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" }),
  );
  expect(said).toBe("");

  await closed(first);
  const again = await opened(first.folder).engine.metrics.text();
  const sums = (whole: string) =>
    whole.split("\n").filter((line) => /_(total|count|sum)/.test(line));
  expect(sums(again)).toEqual(sums(text));
});

test("sums that were kept are not gone on with for another store", async () => {
  const made = opened();
  await paidCalls(
    made.engine,
    Array.from({ length: 60 }, () => 1),
  );
  const before = await made.engine.metrics.text();
  expect(valueOf(before, /^agent33_cost_micro_usd_total\{/)).toBe(60);
  await closed(made);
  // What was counted is kept beside the store, and goes on.
  const second = opened(made.folder);
  await paidCalls(second.engine, [5]);
  expect(valueOf(await second.engine.metrics.text(), /^agent33_cost_micro_usd_total\{/)).toBe(65);
  await closed(second);
  for (const name of [
    "agent33.db",
    "agent33.db-wal",
    "agent33.db-shm",
    "journal",
    "audit-head.json",
  ]) {
    rmSync(join(made.folder, ".agent33", name), { recursive: true, force: true });
  }
  const third = opened(made.folder);
  await paidCalls(third.engine, [3]);
  expect(valueOf(await third.engine.metrics.text(), /^agent33_cost_micro_usd_total\{/)).toBe(3);
});

test("the command prints them", async () => {
  const made = opened();
  const { folder } = made;
  await made.run([{ text: "Done." }]);
  await closed(made);
  writeFileSync(join(folder, "agent33.config.yaml"), "{}\n");
  const { code, stdout } = await runInProcess(["metrics"], folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^agent33_tenant_runs_total\{tenant="default"\} 1$/m);
});
