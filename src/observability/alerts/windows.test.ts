import { expect, test } from "vitest";
import type { Told } from "../feed/feed.ts";
import { Bounds } from "../metrics/bounds.ts";
import { Windows } from "./windows.ts";

const cost = "agent33_tenant_cost_micro_usd_total";
const minute = 60_000;
const start = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000);

const call = (at: number, costMicroUsd: number, durationMs = 0): Told => ({
  kind: "call",
  tenant: "acme",
  call: {
    callId: "c",
    at,
    connector: "model:x",
    operation: "chat",
    effect: "read",
    decision: { effect: "allow", ruleId: "r" },
    attempts: [],
    durationMs,
    outcome: "ok",
    spend: { costMicroUsd, tokens: 1 },
  },
});

const sumOf = (windows: Windows, span: number, now: number): number =>
  windows.increases(cost, span, now).reduce((sum, { value }) => sum + value, 0);

test("counts what happened within a time until now, when it happened and not when it was read", () => {
  const windows = new Windows([cost]);
  const bounds = new Bounds();
  const now = start + 100 * minute;
  windows.add(call(now - 90 * minute, 1), bounds, now);
  windows.add(call(now - 10 * minute, 10), bounds, now);
  // It ended now, and so it costs now.
  windows.add(call(now - 30 * minute, 100, 30 * minute), bounds, now);
  expect(sumOf(windows, 5 * minute, now)).toBe(100);
  expect(sumOf(windows, 60 * minute, now)).toBe(110);
  expect(sumOf(windows, 7 * 24 * 60 * minute, now)).toBe(111);
  // A series that does not grow is there with 0, as Prometheus has it.
  expect(windows.increases(cost, 5 * minute, now + 30 * minute)).toMatchObject([{ value: 0 }]);
});

test("is the same when it is kept and read again", () => {
  const windows = new Windows([cost, "agent33_telemetry_dropped_total"]);
  const now = start + 100 * minute;
  windows.add(call(now - minute, 7), new Bounds(), now);
  windows.note({ agent33_telemetry_dropped_total: [{ labels: { sink: "otlp" }, value: 9 }] }, now);
  const kept = JSON.parse(JSON.stringify(windows.state())) as ReturnType<Windows["state"]>;
  const again = new Windows([cost, "agent33_telemetry_dropped_total"], kept);
  expect(sumOf(again, 60 * minute, now)).toBe(7);
  again.note({ agent33_telemetry_dropped_total: [{ labels: { sink: "otlp" }, value: 11 }] }, now);
  const dropped = again.increases("agent33_telemetry_dropped_total", 10 * minute, now);
  expect(dropped).toMatchObject([{ labels: { sink: "otlp" }, value: 2 }]);
});

test("forgets what no window reaches, and counts nothing that is older", () => {
  const windows = new Windows([cost]);
  const bounds = new Bounds();
  windows.add(call(start, 1), bounds, start);
  const later = start + 9 * 24 * 60 * minute;
  windows.add(call(start, 1), bounds, later);
  windows.prune(later);
  expect(windows.state()).toMatchObject({ series: [], minutes: {}, hours: {} });
});

test("a counter that is only looked at begins where it is found, and a new one at nothing", () => {
  const dropped = "agent33_telemetry_dropped_total";
  const windows = new Windows([dropped]);
  windows.note({ [dropped]: [{ labels: { sink: "jsonl" }, value: 500 }] }, start);
  expect(windows.increases(dropped, 10 * minute, start).every(({ value }) => value === 0)).toBe(
    true,
  );
  windows.note({ [dropped]: [{ labels: { sink: "otlp" }, value: 3 }] }, start + minute);
  const grown = windows.increases(dropped, 10 * minute, start + minute);
  expect(grown.find(({ labels }) => labels["sink"] === "otlp")?.value).toBe(3);
});
