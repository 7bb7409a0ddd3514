import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { boards } from "../../deploy/grafana/boards/all.ts";
import { BoundaryError } from "../../src/boundary/errors.ts";
import { acceptedForm } from "../../src/engine/face.ts";
import type { Engine } from "../../src/engine.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { writeLastCheck } from "../../src/store/last-check.ts";
import { decideEffort, paidModel } from "../support/decisions.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { type TestEngine, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("a Prometheus that scrapes engines on this machine", {
  spawn: true,
  connect: loopback,
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A little of everything that a dashboard can show. */
async function work(engine: Engine, round: number): Promise<void> {
  const principal = { tenant: "default", user: "local" };
  const model = paidModel(engine);
  for (let at = 0; at < 3; at += 1) await model.call(1_000 + at, { principal, tier: "low" });
  const unpriced = engine.boundary.connector<null, null, never>({
    id: "model:unpriced",
    facts: () => ({ operation: "chat", effect: "read", repeat: "safe" }),
    run: async () => null,
    measure: () => ({ tokens: 7 }),
  });
  await unpriced.call(null, { principal, tier: "high" });
  const failing = engine.boundary.connector<null, null, never>({
    id: "http:away",
    facts: () => ({ operation: "get", effect: "read", repeat: "safe" }),
    run: async () => {
      throw new BoundaryError("upstream_5xx", "It is away.");
    },
  });
  for (let at = 0; at < 3; at += 1) await failing.tryCall(null, { principal });
  decideEffort(engine, `run-${round}`);
  failedRun(engine, `failed-${round}`);
}

const usage = {
  inputTokens: 10,
  cachedInputTokens: 0,
  outputTokens: 5,
  reasoningTokens: 0,
  estimated: false,
};
const allowed = { effect: "allow", ruleId: "test/all" } as const;

/** A run with turns, a tool, another model, a budget's share, an escalation and one that was refused. */
function failedRun({ store }: Engine, id: string): void {
  const { runs, runLog, transactions } = store;
  const given = { task: "Fail.", agent: "worker@1", model: "test:big", effort: "high" } as const;
  const totals = {
    turns: 1,
    toolCalls: 1,
    inputTokens: 10,
    cachedInputTokens: 0,
    outputTokens: 5,
    failedTokens: 0,
    costMicroUsd: 2_000_000,
    unpricedCalls: 0,
    durationMs: 1_500,
  };
  const error = { code: "boundary.upstream_5xx", message: "away", retryable: true } as const;
  const decided = {
    type: "escalation.decided",
    reason: "r",
    from: "low",
    needs: null,
    left: null,
  } as const;
  const events: NewEvent[] = [
    {
      ...given,
      type: "run.started",
      effortSource: "request",
      workspace: null,
      limits: {},
      policy: "default",
      notices: [],
    },
    {
      type: "turn.completed",
      turn: 1,
      parts: [],
      usage,
      costMicroUsd: 5,
      effort: "high",
      decision: allowed,
      attempts: 1,
      durationMs: 300,
      finishReason: "stop",
      callId: `${id}-c`,
    },
    {
      type: "tool.completed",
      turn: 1,
      index: 0,
      toolCallId: "t",
      toolName: "append_line",
      content: "",
      isError: false,
      injection: { level: "likely", rules: ["override"] },
      decision: allowed,
      attempts: 1,
      durationMs: 20,
    },
    {
      type: "model.fell_back",
      call: "turn-1",
      from: "test:big",
      to: "test:small",
      error,
      tokens: 0,
      costMicroUsd: 0,
      attempts: 1,
      durationMs: 5,
      callId: `${id}-f`,
    },
    { type: "budget.reached", budget: "run", limit: "tokens", percent: 80, used: 8, allowed: 10 },
    {
      ...decided,
      escalates: true,
      to: { runId: `${id}-next`, effort: "medium", model: "test:big" },
    },
    { ...decided, escalates: false, to: null },
    {
      type: "run.finished",
      outcome: "failed",
      stop: { reason: "error", error },
      summary: "",
      totals,
      filesChanged: [],
    },
  ];
  transactions.transaction(() => {
    runs.create({ ...given, id, workspace: null, spec: {} });
    runLog.append(id, events);
    runs.finish(id, { outcome: "failed", costMicroUsd: 2_000_000, unpricedCalls: 0 });
  });
}

/** What Prometheus scrapes, as `serve` gives it. */
async function exposed({ engine }: TestEngine): Promise<string> {
  const server = createServer(({ headers }, response) => {
    // As Prometheus really asks: OpenMetrics first.
    const form = acceptedForm(headers.accept);
    const type = { "content-type": engine.metrics.contentType(form) };
    void engine.metrics.text(form).then(
      (text) => response.writeHead(200, type).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function prometheus(targets: readonly string[]): Promise<string> {
  const folder = temporaryFolder("prometheus");
  const port = await freePort();
  const config = {
    global: { scrape_interval: "1s" },
    scrape_configs: [{ job_name: "agent33", static_configs: [{ targets }] }],
  };
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const child = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const ended = once(child, "exit");
  closing.push(async () => {
    child.kill();
    await ended;
  });
  return `http://127.0.0.1:${port}`;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

async function ask(base: string, expr: string): Promise<Answer> {
  const url = `${base}/api/v1/query?query=${encodeURIComponent(expr)}`;
  try {
    return (await (await fetch(url)).json()) as Answer;
  } catch {
    // It is not listening yet.
    return { status: "away" };
  }
}

const valuesOf = ({ data }: Answer): readonly number[] =>
  (data?.result ?? []).map(({ value }) => Number(value[1]));

/** Looks again until it is so. @throws Error where that takes too long */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 40_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`It did not come to this: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

const queries = boards.flatMap(({ title: board, rows }) =>
  rows.flatMap(({ charts }) =>
    charts.flatMap(({ title, queries: own }) =>
      own.map(({ expr, legend }) => ({ name: `${board} / ${title} / ${legend}`, expr })),
    ),
  ),
);

test("every expression has an answer from a real Prometheus that scrapes two engines on one store", async () => {
  const settings = {
    "telemetry.jsonl": "told.jsonl",
    budgets: { daily: { per: "tenant", period: "day", maxCalls: 1_000 } },
  };
  const first = testEngine(settings);
  closing.push(() => first.engine.close());
  const second = testEngine(settings, first.folder);
  closing.push(() => second.engine.close());
  const { dataDir } = first.engine;
  writeLastCheck(dataDir, { at: first.host.clock.now(), sound: true, rows: 1, problems: [] });
  await work(first.engine, 1);
  const base = await prometheus([await exposed(first), await exposed(second)]);
  const scrapes = async () =>
    Math.min(...valuesOf(await ask(base, "count_over_time(agent33_runs_open[1m])")));
  await until("both are scraped", async () => {
    const up = await ask(base, 'count(up{job="agent33"} == 1)');
    return valuesOf(up)[0] === 2;
  });
  // What grows is seen to grow between two scrapes.
  await work(first.engine, 2);
  await first.engine.telemetry.look();
  // A call without a price is an alert.
  await first.engine.alerts.check();
  const before = await scrapes();
  await until("more scrapes", async () => (await scrapes()) > before + 2);

  const wrong: string[] = [];
  for (const { name, expr } of queries) {
    const answer = await ask(
      base,
      expr
        .replaceAll("$__rate_interval", "30s")
        .replaceAll("$__range", "1m")
        .replaceAll("$tenant", ".*"),
    );
    const values = valuesOf(answer);
    if (answer.error !== undefined) wrong.push(`${name}: ${answer.error}`);
    else if (values.length === 0) wrong.push(`${name}: empty`);
    else if (values.some(Number.isNaN)) wrong.push(`${name}: no number`);
  }
  expect(wrong).toEqual([]);

  const each = valuesOf(await ask(base, "sum by (instance) (agent33_calls_total)"));
  expect(each).toHaveLength(2);
  expect(new Set(each).size).toBe(1);
}, 110_000);
