import { appendFileSync, existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { type TestEngine, testEngine, testHost } from "../support/engine.ts";
import { startTraceCollector, type TraceCollector } from "../support/trace-collector.ts";

grantTests("a collector of traces on this machine", { connect: loopback });
const engines: TestEngine[] = [];
const collectors: TraceCollector[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
  for (const collector of collectors.splice(0)) await collector.stop();
});

function opened(
  settings: Readonly<Record<string, JsonValue>>,
  folder?: string,
  env: Record<string, string> = {},
): TestEngine {
  const made = testEngine(settings, folder, env);
  engines.push(made);
  return made;
}

async function closed(made: TestEngine): Promise<void> {
  engines.splice(engines.indexOf(made), 1);
  await made.engine.close();
}

async function collecting(): Promise<TraceCollector> {
  const collector = await startTraceCollector();
  collectors.push(collector);
  return collector;
}

const append = { name: "append_line", arguments: { path: "notes.txt", line: "one" } };
const turns = [{ tool_calls: [append] }, { text: "Done." }];

interface Line {
  readonly id: string;
  readonly type: string;
  readonly connector?: string;
  readonly costMicroUsd?: number | null;
}

const linesOf = (folder: string): readonly Line[] =>
  readFileSync(join(folder, "told.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

test("each call, decision and run is a line of the file, once, over restarts", async () => {
  const first = opened({ "telemetry.jsonl": "told.jsonl" });
  await first.run(turns);
  await closed(first);
  const before = linesOf(first.folder);
  expect(before.filter(({ type }) => type === "decision")).toHaveLength(1);
  expect(before.filter(({ type }) => type === "run")).toHaveLength(1);
  expect(before.filter(({ type }) => type === "call").length).toBeGreaterThanOrEqual(3);

  // A process that ended after it wrote and before it noted that.
  appendFileSync(join(first.folder, "told.jsonl"), '{"id":"half');
  const second = opened({ "telemetry.jsonl": "told.jsonl" }, first.folder);
  await second.run(turns);
  const asked = second.engine.store.audit.list({ limit: 1000 }).items.length;
  await closed(second);
  const after = linesOf(first.folder);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(new Set(after.map(({ id }) => id)).size).toBe(after.length);
  expect(after.filter(({ type }) => type === "call")).toHaveLength(asked);
  expect(after.filter(({ type }) => type === "decision")).toHaveLength(2);
});

test("a file that was moved away is begun anew, and nothing stands in both", async () => {
  const first = opened({ "telemetry.jsonl": "told.jsonl" });
  await first.run(turns);
  await closed(first);
  const moved = linesOf(first.folder);
  renameSync(join(first.folder, "told.jsonl"), join(first.folder, "told.1.jsonl"));
  const second = opened({ "telemetry.jsonl": "told.jsonl" }, first.folder);
  await second.run(turns);
  await closed(second);
  const ids = new Set(moved.map(({ id }) => id));
  expect(linesOf(first.folder).filter(({ id }) => ids.has(id))).toEqual([]);
});

test("a collector that was away gets all of it, and nothing of the export itself", async () => {
  const collector = await collecting();
  const settings = {
    "telemetry.otlp.url": collector.url,
    "telemetry.otlp.secretHeaders": { "x-collector-token": "TOKEN" },
  };
  await collector.stop();
  const first = opened(settings, undefined, { TOKEN: "of-the-collector" });
  const { runId } = await first.run(turns);
  await expect(first.engine.telemetry.look()).rejects.toMatchObject({
    code: "boundary.transport",
  });
  const down = await first.engine.metrics.text();
  expect(down).toMatch(/^agent33_telemetry_failures_total\{sink="otlp"\} [1-9]/m);
  expect(down).toMatch(/^agent33_telemetry_lag_calls\{sink="otlp"\} [1-9]/m);
  await closed(first);

  await collector.start();
  const second = opened(settings, first.folder, { TOKEN: "of-the-collector" });
  await second.engine.telemetry.look();
  const spans = [...collector.spans.values()];
  const names = spans.map(({ name }) => name);
  expect(names).toContain("decide_effort medium");
  expect(names.filter((name) => name.startsWith("invoke_agent "))).toHaveLength(1);
  const calls = second.engine.store.audit.list({ runId, limit: 1000 }).items;
  const told = spans
    .filter(({ name }) => name.startsWith("call "))
    .flatMap(({ attributes }) => attributes)
    .flatMap(({ key, value }) => (key === "agent33.call.id" ? [value.stringValue ?? ""] : []));
  expect(told).toHaveLength(calls.length);
  expect(new Set(told)).toEqual(new Set(calls.map(({ callId }) => callId)));
  expect(names.filter((name) => name.includes("engine.telemetry"))).toEqual([]);
  expect(collector.headers.at(-1)?.["x-collector-token"]).toBe("of-the-collector");
  // The export's own call is in the audit all the same, and its place is past it.
  const own = second.engine.store.audit.list({ connector: "http:engine.telemetry" }).items;
  expect(own.some(({ outcome }) => outcome === "ok")).toBe(true);
  await second.engine.telemetry.look();
  const requests = collector.headers.length;
  await second.engine.telemetry.look();
  expect(collector.headers).toHaveLength(requests);
  expect(await second.engine.metrics.text()).toContain(
    'agent33_telemetry_lag_calls{sink="otlp"} 0\n',
  );
});

test("what a collector refuses for good is counted, and does not hold up the rest", async () => {
  const collector = await collecting();
  collector.answer(400);
  const made = opened({ "telemetry.otlp.url": collector.url });
  await made.run(turns);
  await made.engine.telemetry.look();
  const text = await made.engine.metrics.text();
  expect(text).toMatch(/^agent33_telemetry_dropped_total\{sink="otlp"\} [1-9]/m);
  collector.answer(200);
  await made.run(turns);
  await made.engine.telemetry.look();
  expect([...collector.spans.values()].some(({ name }) => name.startsWith("call "))).toBe(true);
});

test("spans that a collector refuses of a request that it took are counted and said, and not sent again", async () => {
  const collector = await collecting();
  const partialSuccess = { rejectedSpans: "2", errorMessage: "no such\tattribute" };
  collector.answer(200, { body: JSON.stringify({ partialSuccess }) });
  const warned: string[] = [];
  const made = testEngine(
    { "telemetry.otlp.url": collector.url },
    undefined,
    {},
    {
      warn: (line) => warned.push(line),
    },
  );
  engines.push(made);
  await made.run(turns);
  await made.engine.telemetry.look();
  const requests = collector.headers.length;
  expect(warned.filter((line) => line.startsWith("telemetry.otlp:"))).toEqual([
    expect.stringMatching(/^telemetry\.otlp: 2 of \d+ spans were refused: no such attribute$/),
  ]);
  await made.engine.telemetry.look();
  expect(collector.headers).toHaveLength(requests);
  expect(await made.engine.metrics.text()).toContain(
    `agent33_telemetry_dropped_total{sink="otlp"} ${2 * requests}\n`,
  );
});

test("a request that is too large is sent in parts, down to the span that is too large alone", async () => {
  const collector = await collecting();
  collector.answer(200, { mostSpans: 3 });
  const made = opened({ "telemetry.otlp.url": collector.url });
  await made.run(turns);
  await made.engine.telemetry.look();
  expect(collector.spans.size).toBeGreaterThan(5);
  // The export's own calls are passed over by the next look.
  await made.engine.telemetry.look();
  const text = await made.engine.metrics.text();
  expect(text).toContain('agent33_telemetry_dropped_total{sink="otlp"} 0\n');
  expect(text).toContain('agent33_telemetry_lag_calls{sink="otlp"} 0\n');

  collector.answer(200, { mostSpans: 0 });
  await made.run(turns);
  await made.engine.telemetry.look();
  expect(await made.engine.metrics.text()).toMatch(
    /^agent33_telemetry_dropped_total\{sink="otlp"\} [1-9]/m,
  );
});

test("requests are compressed unless the collector or the settings say no", async () => {
  const collector = await collecting();
  const made = opened({ "telemetry.otlp.url": collector.url });
  await made.run(turns);
  await made.engine.telemetry.look();
  expect(collector.headers.at(-1)?.["content-encoding"]).toBe("gzip");
  collector.answer(200, { plainOnly: true });
  const before = collector.spans.size;
  await made.run(turns);
  await made.engine.telemetry.look();
  expect(collector.headers.at(-1)?.["content-encoding"]).toBeUndefined();
  expect(collector.spans.size).toBeGreaterThan(before);

  const plain = opened({
    "telemetry.otlp.url": collector.url,
    "telemetry.otlp.compression": "none",
  });
  collector.answer(200);
  await plain.run(turns);
  await plain.engine.telemetry.look();
  expect(collector.headers.at(-1)?.["content-encoding"]).toBeUndefined();
});

test.each([429, 503])(
  "after %i nothing is sent until the wait that it asks for is over",
  async (status) => {
    const collector = await collecting();
    collector.answer(status, { headers: { "retry-after": "120" } });
    let aheadMs = 0;
    const usual = testHost("").clock;
    const clock = {
      ...usual,
      now: () => usual.now(),
      monotonic: () => usual.monotonic() + aheadMs,
    };
    const made = testEngine({ "telemetry.otlp.url": collector.url }, undefined, {}, { clock });
    engines.push(made);
    await made.run(turns);
    await expect(made.engine.telemetry.look()).rejects.toMatchObject({ status });
    const requests = collector.headers.length;
    collector.answer(200);
    await expect(made.engine.telemetry.look()).rejects.toMatchObject({ status });
    expect(collector.headers).toHaveLength(requests);
    aheadMs = 121_000;
    await made.engine.telemetry.look();
    expect(collector.spans.size).toBeGreaterThan(5);
  },
);

test("open, work goes on while nothing can be handed over; closed, no run begins", async () => {
  const collector = await collecting();
  await collector.stop();
  const open = opened({ "telemetry.otlp.url": collector.url });
  expect((await open.run(turns)).outcome).toBe("unverified");
  await closed(open);

  const shut = opened(
    { "telemetry.otlp.url": collector.url, "telemetry.onFailure": "closed" },
    open.folder,
  );
  await expect(shut.run(turns)).rejects.toMatchObject({ code: "telemetry.behind" });
  await collector.start();
  expect(existsSync(join(shut.folder, ".agent33", "telemetry", "otlp.json"))).toBe(true);
  await expect
    .poll(async () => (await shut.run(turns)).outcome, { timeout: 45_000, interval: 2_000 })
    .toBe("unverified");
}, 60_000);
