import { expect, test } from "vitest";
import type { Told } from "../feed/feed.ts";
import { RunCosts } from "./run-costs.ts";

const now = 1_700_000_000_000;

const call = (runId: string, costMicroUsd: number, at = now): Told => ({
  kind: "call",
  tenant: "acme",
  call: {
    callId: "c",
    runId,
    at,
    connector: "model:x",
    operation: "chat",
    effect: "read",
    decision: { effect: "allow", ruleId: "r" },
    attempts: [],
    durationMs: 0,
    tier: "high",
    outcome: "ok",
    spend: { costMicroUsd, tokens: 1 },
  },
});

const event = (id: string, type: string, more: object, at = now): Told =>
  ({
    kind: "event",
    tenant: "acme",
    run: { id, agent: "a", model: "m", effort: "high" },
    event: { runId: id, seq: 1, at, type, ...more },
  }) as unknown as Told;
const ended = (id: string, costMicroUsd: number, at = now): Told =>
  event(id, "run.finished", { totals: { costMicroUsd } }, at);
const begun = (id: string, p50: number): Told =>
  event(id, "run.started", { routing: { estimate: { costMicroUsd: { p50, p90: 2 * p50 } } } });

test("a run that goes on has cost what its calls cost so far", () => {
  const costs = new RunCosts();
  costs.add(call("r", 3));
  costs.add(call("r", 4));
  expect(costs.highest(now)).toEqual([
    { labels: { run: "r", tenant: "acme", effort: "high" }, value: 7 },
  ]);
  costs.add(ended("r", 9));
  // The last call of a run may be told after its end, whose sum has it.
  costs.add(call("r", 2));
  expect(costs.highest(now)).toMatchObject([{ value: 9 }]);
  expect(costs.highest(now + 2 * 3_600_000)).toEqual([]);
});

test("what is usual is said once there are enough other runs", () => {
  const costs = new RunCosts();
  costs.add(ended("dear", 1_000));
  for (let at = 1; at < 20; at += 1) costs.add(ended(`r${at}`, at, now - 7_200_000));
  expect(costs.usual(now)).toMatchObject([{ labels: { run: "dear" }, value: 0 }]);
  costs.add(ended("r20", 20, now - 7_200_000));
  expect(costs.usual(now)).toMatchObject([{ labels: { run: "dear" }, value: 20 }]);
  const again = new RunCosts(JSON.parse(JSON.stringify(costs.state())) as never);
  expect(again.usual(now)).toEqual(costs.usual(now));
});

test("cost is held against what was estimated before the run", () => {
  const costs = new RunCosts();
  for (let at = 0; at < 20; at += 1) {
    costs.add(begun(`r${at}`, 100));
    costs.add(ended(`r${at}`, at < 5 ? 100 : 300));
  }
  expect(costs.estimateRatio(now)).toEqual([{ labels: {}, value: 3 }]);
  expect(costs.estimateRatio(now + 25 * 3_600_000)).toEqual([]);
});

test("forgets runs of more than a week ago", () => {
  const costs = new RunCosts();
  costs.add(ended("old", 5));
  costs.add(call("lost", 5));
  costs.prune(now + 8 * 24 * 3_600_000);
  expect(costs.state()).toEqual({ open: {}, ended: [] });
});
