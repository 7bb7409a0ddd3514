import { expect, test } from "vitest";
import type { Told } from "../feed/feed.ts";
import type { RecordedCall } from "../feed/recorded-call.ts";
import { Spend } from "../spend/spend.ts";
import { Bounds } from "./bounds.ts";
import { count } from "./count.ts";
import { createExposition } from "./exposition.ts";
import { spanIdOf, traceIdOf } from "../traces/span.ts";
import { metrics } from "./definitions.ts";
import { Rollup, rollupSchema } from "./rollup.ts";

const call = (over: Partial<RecordedCall> = {}): RecordedCall => ({
  callId: "c",
  at: 0,
  connector: "model:scripted",
  operation: "chat",
  effect: "read",
  decision: { effect: "allow", ruleId: "default/models" },
  attempts: [{ outcome: "ok" }],
  durationMs: 30,
  outcome: "ok",
  ...over,
});
const told = (over: Partial<RecordedCall> = {}, tenant = "a"): Told => ({
  kind: "call",
  tenant,
  call: call(over),
});

function counted(all: readonly Told[]) {
  const into = { rollup: new Rollup(), bounds: new Bounds(), spend: new Spend() };
  for (const one of all) count(one, into);
  return into;
}

const linesOf = (text: string, name: string) =>
  text.split("\n").filter((line) => line.startsWith(`${name}{`));

test("a call without a known price is counted as such and is in no sum of money", () => {
  const { rollup } = counted([
    told({ spend: { tokens: 10 } }),
    told({ spend: { tokens: 10, costMicroUsd: 7 } }),
    told({ spend: { tokens: 10, costMicroUsd: 0 } }),
  ]);
  const [unpriced] = rollup.samples("agent33_unpriced_calls_total");
  expect(unpriced?.value).toBe(1);
  const [cost] = rollup.samples("agent33_cost_micro_usd_total");
  expect(cost?.value).toBe(7);
});

test("a failure is counted by its class, a retry as an attempt beyond the first", () => {
  const attempts = [{ outcome: "boundary.timeout" }, { outcome: "boundary.timeout" }];
  const { rollup } = counted([told({ outcome: "boundary.timeout", attempts })]);
  expect(rollup.samples("agent33_call_failures_total")).toMatchObject([
    { labels: { connector: "model:scripted", failure: "F-TMO" }, value: 1 },
  ]);
  expect(rollup.samples("agent33_call_retries_total")[0]?.value).toBe(1);
});

test("however many connectors there are, no more than the bound get a name", () => {
  const { rollup } = counted(
    Array.from({ length: 200 }, (_, at) => told({ connector: `mcp:${at}` })),
  );
  const samples = rollup.samples("agent33_calls_total");
  expect(samples).toHaveLength(20);
  expect(samples.find(({ labels }) => labels.connector === "other")?.value).toBe(181);
});

test("the tenants that cost most have a name, all others are one, and no money is lost", async () => {
  const { rollup } = counted(
    Array.from({ length: 60 }, (_, at) =>
      told({ spend: { costMicroUsd: at + 1, tokens: 1 } }, `tenant-${at}`),
    ),
  );
  const text = await createExposition().text(rollup, {}, "prometheus");
  const lines = linesOf(text, "agent33_tenant_cost_micro_usd_total");
  expect(lines).toHaveLength(21);
  expect(text).toContain('tenant="tenant-59",effort="none"} 60\n');
  expect(text).not.toContain('tenant="tenant-3"');
  const sum = lines.reduce((all, line) => all + Number(line.split(" ").at(-1)), 0);
  expect(sum).toBe((60 * 61) / 2);
});

test("a tenant that was shown stays, so that no series falls while the process lives", async () => {
  const exposition = createExposition();
  const first = Array.from({ length: 20 }, (_, at) =>
    told({ spend: { costMicroUsd: 5 } }, `old-${at}`),
  );
  await exposition.text(counted(first).rollup, {}, "prometheus");
  const later = counted([...first, told({ spend: { costMicroUsd: 900 } }, "rich")]).rollup;
  const text = await exposition.text(later, {}, "prometheus");
  expect(text).toContain('tenant="old-19"');
  expect(text).toContain('agent33_tenant_cost_micro_usd_total{tenant="other",effort="none"} 900');
});

test("a histogram has as many in its last bucket as in its count", async () => {
  const { rollup } = counted([told({ durationMs: 15 }), told({ durationMs: 500_000 })]);
  const text = await createExposition().text(rollup, {}, "prometheus");
  const name = "agent33_call_duration_seconds";
  expect(text).toContain(`${name}_bucket{connector="model:scripted",le="0.01"} 0\n`);
  expect(text).toContain(`${name}_bucket{connector="model:scripted",le="0.02"} 1\n`);
  expect(text).toContain(`${name}_bucket{connector="model:scripted",le="81.92"} 1\n`);
  expect(text).toContain(`${name}_bucket{connector="model:scripted",le="+Inf"} 2\n`);
  expect(text).toContain(`${name}_count{connector="model:scripted"} 2\n`);
});

test("sums that were kept go on as they were", () => {
  const { rollup, bounds, spend } = counted([told({ spend: { costMicroUsd: 5, tokens: 2 } })]);
  const again = {
    rollup: new Rollup(JSON.parse(JSON.stringify(rollup.state())) as never),
    bounds: new Bounds(bounds.state()),
    spend: new Spend(JSON.parse(JSON.stringify(spend.state())) as never),
  };
  count(told({ spend: { costMicroUsd: 6, tokens: 2 } }), again);
  expect(again.rollup.samples("agent33_cost_micro_usd_total")[0]?.value).toBe(11);
  expect(again.rollup.spreads("agent33_call_duration_seconds")[0]).toMatchObject({ count: 2 });
  expect([...again.spend.cells()]).toMatchObject([{ calls: 2, costMicroUsd: 11, tokens: 4 }]);
});

test("OpenMetrics names the newest call of a series, with the span that it has in its trace", async () => {
  const { rollup } = counted([
    told({ callId: "c1", runId: "r1", at: 1_000, durationMs: 30 }),
    told({ callId: "c3", runId: "r3", at: 3_000, durationMs: 30 }),
    // Of another tenant, which is read later: not newer for that.
    told({ callId: "c2", at: 2_000, durationMs: 1e9 }, "b"),
  ]);
  const text = await createExposition().text(rollup, {}, "openmetrics");
  const [line] = linesOf(text, "agent33_calls_total");
  const [exemplar = ""] = /\{trace_id=[^}]*\}/.exec(line ?? "") ?? [];
  expect(line).toMatch(/^agent33_calls_total\{.*\} 3 # \{.*call_id="c3"\} 1 3$/);
  expect(exemplar).toContain(`trace_id="${traceIdOf("r3")}"`);
  expect(exemplar).toContain(`span_id="${spanIdOf("r3", "call c3")}"`);
  // OpenMetrics 1.0: names and values of an exemplar have 128 characters at most.
  expect(exemplar.replaceAll(/[{}=",]/g, "").length + 36 - 2).toBeLessThanOrEqual(128);
  const buckets = linesOf(text, "agent33_call_duration_seconds_bucket");
  expect(buckets.filter((one) => one.includes("call_id="))).toEqual([
    expect.stringMatching(/le="0.04"\} 2 # .*call_id="c3"\} 0.03 3$/),
    expect.stringMatching(/le="\+Inf"\} 3 # .*call_id="c2"\} 1000000 2$/),
  ]);
  const plain = await createExposition().text(rollup, {}, "prometheus");
  expect(plain).not.toContain("call_id");
  const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(families).size).toBe(families.length);
  expect(Object.entries(metrics).filter(([, { type }]) => type === "counter")).toSatisfy(
    (all: readonly [string, unknown][]) => all.every(([name]) => name.endsWith("_total")),
  );
});

test("examples are kept with the sums, and ones of before are read", () => {
  const { rollup } = counted([told({ callId: "c1" })]);
  const kept = rollupSchema.parse(JSON.parse(JSON.stringify(rollup.state())));
  expect(new Rollup(kept).samples("agent33_calls_total")).toMatchObject([
    { value: 1, example: { call: "c1" } },
  ]);
  const older = {
    counters: { agent33_calls_total: [{ values: ["a"], value: 2 }] },
    histograms: {},
  };
  expect(new Rollup(rollupSchema.parse(older)).samples("agent33_calls_total")).toHaveLength(1);
});
