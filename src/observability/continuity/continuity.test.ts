import { describe, expect, test } from "vitest";
import { continuityOf, type Seen } from "./continuity.ts";
import {
  auditIn,
  decisionsIn,
  linesIn,
  logIn,
  metricIn,
  places,
  type Sighting,
  spansIn,
} from "./sightings.ts";

const allow: Sighting = { effect: "allow", rule: "default/models" };
const row = {
  callId: "c1",
  runId: "r1",
  connector: "model:a",
  operation: "chat",
  decision: "allow",
  ruleId: "default/models",
  outcome: "ok",
};
const labels = { connector: "model:a", outcome: "ok", decision: "allow" };
const all = new Map([["c1", allow]]);
const whole: Seen = {
  decision: all,
  run_log: all,
  audit: [row],
  metric: [{ call: "c1", labels }],
  trace: all,
  export_jsonl: all,
  export_otlp: all,
  beside: new Set(),
  open: new Set(),
};
const none = new Map<string, Sighting>();
const without = { ...whole, audit: [], metric: [] };
const outcomes = (seen: Seen) =>
  Object.fromEntries(
    continuityOf("r1", seen)
      .decisions[0]?.places.filter(({ outcome }) => outcome !== "found")
      .map(({ place, outcome }) => [place, outcome]) ?? [],
  );

describe("the thread of a decision", () => {
  test("holds where each place has its id, with the same effect and rule", () => {
    expect(continuityOf("r1", whole, ["allow"])).toMatchObject({ outcome: "met", problems: [] });
    expect(outcomes(whole)).toEqual({});
  });

  test.each(places)(
    "is broken where %s does not have it, and only that place is named",
    (place) => {
      const cut = { ...whole, [place]: place === "audit" || place === "metric" ? [] : none };
      const report = continuityOf("r1", cut);
      expect(report.outcome).toBe("missed");
      const broken = report.decisions.flatMap((one) =>
        one.places.filter(({ outcome }) => outcome === "missing"),
      );
      expect(broken).toEqual([
        { place, outcome: "missing", message: expect.stringContaining("Look into") },
      ]);
    },
  );

  test.each(["run_log", "trace", "export_jsonl", "export_otlp"] as const)(
    "is broken where %s says another effect or rule",
    (place) => {
      const other = new Map([["c1", { effect: "deny", rule: "x/y" }]]);
      expect(outcomes({ ...whole, [place]: other })).toEqual({ [place]: "differs" });
      const rule = new Map([["c1", { effect: "allow", rule: "x/y" }]]);
      expect(outcomes({ ...whole, [place]: rule })).toEqual({ [place]: "differs" });
    },
  );

  test("may be unknown in the metrics: a series names its newest call alone", () => {
    const newer = [{ call: "c2", labels }];
    expect(outcomes({ ...whole, metric: newer })).toEqual({ metric: "unknown" });
    expect(outcomes({ ...whole, metric: [{ call: "c0", labels }] })).toEqual({ metric: "missing" });
    const elsewhere = [{ call: "c2", labels: { ...labels, decision: "deny" } }];
    expect(outcomes({ ...whole, metric: elsewhere })).toEqual({ metric: "missing" });
    const bounded = [{ call: "c2", labels: { ...labels, connector: "other" } }];
    expect(outcomes({ ...whole, metric: bounded })).toEqual({ metric: "unknown" });
    expect(outcomes({ ...whole, audit: [], metric: newer })).toEqual({
      audit: "missing",
      metric: "unknown",
    });
  });

  test("is not broken by what nobody can say here, and says so", () => {
    const collector = { ...whole, export_otlp: "The settings name none." };
    expect(continuityOf("r1", collector).outcome).toBe("met");
    expect(outcomes(collector)).toEqual({ export_otlp: "unknown" });
    const opening = { ...whole, run_log: none, trace: none, beside: new Set(["c1"]) };
    expect(outcomes(opening)).toEqual({ run_log: "unknown", trace: "unknown" });
    const begun = { ...whole, run_log: none, trace: none, metric: [], open: new Set(["c1"]) };
    expect(continuityOf("r1", begun).outcome).toBe("met");
  });

  test("is not shown by no decisions, nor without one of each effect that is wanted", () => {
    const empty = { ...without, decision: none, run_log: none, trace: none };
    expect(continuityOf("r1", empty)).toMatchObject({
      outcome: "missed",
      problems: ["No place knows a decision of this run."],
    });
    expect(continuityOf("r1", whole, ["allow", "deny"])).toMatchObject({
      outcome: "missed",
      problems: ["No decision to deny is found in all places."],
    });
  });
});

describe("what places say", () => {
  const decision = { effect: "allow", ruleId: "default/models" };

  test("is read from the records, events and rows that the API gives", () => {
    const record = { record: { callId: "c1", decision } };
    expect(decisionsIn([record, { code: "store.unknown_call" }, null])).toEqual(all);
    expect(logIn([{ callId: "c1", decision }, { type: "run.started" }])).toEqual(all);
    expect(logIn([{ callId: "c1", decision: null }])).toEqual(
      new Map([["c1", { effect: null, rule: null }]]),
    );
    expect(auditIn([row, { ...row, runId: "r2" }, {}], "r1")).toEqual([row]);
  });

  test("is read from exemplars, lines and spans", () => {
    const text = [
      'agent33_calls_total{connector="model:a",outcome="ok",decision="allow"} 3 # {trace_id="t",call_id="c1"} 1 3',
      'agent33_calls_total{connector="a\\"} 9 # {call_id=\\"x",outcome="ok",decision="deny"} 1',
      'agent33_call_failures_total{connector="b"} 1 # {call_id="c9"} 1 3',
    ].join("\n");
    expect(metricIn(text)).toEqual([{ call: "c1", labels }]);
    const line = { id: "c1", type: "call", decision: "allow", rule: "default/models" };
    expect(linesIn(`${JSON.stringify(line)}\n{"id":"r1:1","type":"run"}\nhalf a li`)).toEqual(all);
    const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const attributes = [
      attribute("agent33.call.id", "c1"),
      attribute("agent33.decision.effect", "allow"),
      attribute("agent33.decision.rule", "default/models"),
    ];
    const spans = [{ name: "call model:a", attributes }];
    const request = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    expect(spansIn([request, "{}"])).toEqual(all);
    expect(spansIn([request], (name) => name.startsWith("chat "))).toEqual(none);
  });
});
