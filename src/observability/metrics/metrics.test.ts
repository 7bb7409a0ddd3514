import { expect, test } from "vitest";
import type { Told } from "../feed/feed.ts";
import type { RecordedCall } from "../feed/recorded-call.ts";
import { Spend } from "../spend/spend.ts";
import { Bounds } from "./bounds.ts";
import { count } from "./count.ts";
import { createExposition } from "./exposition.ts";
import { Rollup } from "./rollup.ts";

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
  expect(rollup.samples("agent33_call_failures_total")).toEqual([
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
  const text = await createExposition().text(rollup, {});
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
  await exposition.text(counted(first).rollup, {});
  const later = counted([...first, told({ spend: { costMicroUsd: 900 } }, "rich")]).rollup;
  const text = await exposition.text(later, {});
  expect(text).toContain('tenant="old-19"');
  expect(text).toContain('agent33_tenant_cost_micro_usd_total{tenant="other",effort="none"} 900');
});

test("a histogram has as many in its last bucket as in its count", async () => {
  const { rollup } = counted([told({ durationMs: 15 }), told({ durationMs: 500_000 })]);
  const text = await createExposition().text(rollup, {});
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
