import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { eventsOf } from "../support/engine.ts";
import {
  decisionIn,
  endOf,
  right,
  type Setup,
  setUp as open,
  wrong,
} from "../support/escalation.ts";

const engines: Pick<ReturnType<typeof open>, "engine">[] = [];
afterEach(async () => {
  for (const { engine } of engines.splice(0)) await engine.close();
});

function setUp(setup: Setup = {}, at?: string) {
  const made = open(setup, at);
  engines.push(made);
  return made;
}

describe("an attempt of a low tier that a check refutes", () => {
  test("is made again one tier up, from a clean workspace, with both costs in the answer", async () => {
    // No call may use as much as a whole attempt; that keeps no attempt from being made.
    const settings = { budgets: { each: { per: "call", maxTokens: 100_000 } } };
    const { create, engine, log, workspace, folder } = setUp({ settings });
    const first = await create();
    const end = await engine.runs.drive(first);
    expect(end.outcome).toBe("verified");
    expect(end.runId).not.toBe(first);

    const before = log(first);
    expect(endOf(before)).toMatchObject({ outcome: "refuted" });
    expect(decisionIn(before)).toMatchObject({
      escalates: true,
      reason: "A check refuted the attempt.",
      from: "low",
      to: { runId: end.runId, effort: "medium" },
      needs: { basis: "reserve" },
    });
    const [started] = eventsOf(log(end.runId), "run.started");
    expect(started).toMatchObject({
      effort: "medium",
      effortSource: "escalation",
      attempt: { number: 2, after: first },
    });
    expect(started?.model).toContain("medium.yaml");

    // Clean: nothing of the first attempt is left there, and nothing of it is lost.
    expect(existsSync(join(workspace, "wrong.txt"))).toBe(false);
    expect(readFileSync(join(workspace, "given.txt"), "utf8")).toBe("given\n");
    expect(readFileSync(join(workspace, ".git/HEAD"), "utf8")).toBe("ref\n");
    const kept = join(folder, ".agent33/runs", first, "workspace-left");
    expect(readFileSync(join(kept, "wrong.txt"), "utf8")).toBe("no\n");
    expect(readFileSync(join(kept, "given.txt"), "utf8")).toBe("given\nspoilt\n");

    const finished = endOf(log(end.runId));
    const [one, two] = [endOf(before)?.totals, finished?.totals];
    expect(finished?.attempts).toMatchObject({
      each: [
        { runId: first, effort: "low", outcome: "refuted", keptWorkspace: kept },
        { runId: end.runId, effort: "medium", outcome: "verified", keptWorkspace: null },
      ],
      unpricedCalls: 0,
    });
    const costs = finished?.attempts?.each.map(({ costMicroUsd }) => costMicroUsd) ?? [];
    expect(costs).toEqual([one?.costMicroUsd, two?.costMicroUsd]);
    expect(Math.min(...costs)).toBeGreaterThan(0);
    expect(finished?.attempts?.costMicroUsd).toBe(costs.reduce((sum, cost) => sum + cost, 0));
    // What the first spent is not there for the second.
    expect(started?.limits["maxCostMicroUsd"]).toBe(5_000_000 - (costs[0] ?? 0));
    expect(finished?.attempts?.each.map(({ tokens }) => tokens)).toEqual(
      [one, two].map((totals) => (totals?.inputTokens ?? 0) + (totals?.outputTokens ?? 0)),
    );
    expect(finished?.filesChanged.map(({ path }) => path)).toEqual(["right.txt"]);
  });

  test("goes up tier by tier, and not above the last", async () => {
    const { create, engine, log } = setUp({ medium: wrong });
    const end = await engine.runs.drive(await create());
    expect(end.outcome).toBe("refuted");
    const last = log(end.runId);
    expect(eventsOf(last, "run.started")[0]).toMatchObject({ effort: "high" });
    expect(endOf(last)?.attempts?.each.map(({ effort }) => effort)).toEqual([
      "low",
      "medium",
      "high",
    ]);
    expect(decisionIn(last)).toMatchObject({ escalates: false, reason: /no tier above high/ });
  });

  test("keeps a model that was asked for by name", async () => {
    const { create, engine, log, script } = setUp();
    const model = script(right);
    const end = await engine.runs.drive(await create({ model, checks: ["false"] }));
    expect(eventsOf(log(end.runId), "run.started")[0]).toMatchObject({ model, effort: "high" });
  });

  test("is not made again where nobody asked for that", async () => {
    for (const [settings, request] of [
      [{ "routing.escalation.enabled": false }, {}],
      [{}, { escalates: false }],
    ] as const) {
      const { create, engine, log } = setUp({ settings });
      const runId = await create(request);
      expect(await engine.runs.drive(runId)).toMatchObject({ runId, outcome: "refuted" });
      expect(decisionIn(log(runId))).toBeUndefined();
    }
  });
});

describe("a crash", () => {
  test("between the attempts: resuming the first goes on with the second", async () => {
    const made = setUp();
    const first = await made.create();
    const { engine } = made;
    // The process lets go of everything the moment that the first attempt has ended.
    const ended = new Promise<void>((resolve) => {
      engine.runs.follow(first, ({ type }) => {
        if (type === "run.finished") resolve();
      });
    });
    const driving = engine.runs.drive(first).catch((error: unknown) => error);
    await ended;
    engines.splice(engines.indexOf(made), 1);
    await engine.close();
    await driving;

    const again = setUp({}, made.folder);
    const end = await again.engine.runs.resume(first);
    expect(end.outcome).toBe("verified");
    expect(end.runId).toBe(decisionIn(again.log(first))?.to?.runId);
    expect(existsSync(join(again.workspace, "wrong.txt"))).toBe(false);
    expect(eventsOf(again.log(end.runId), "run.finished")).toHaveLength(1);
    await expect(again.engine.runs.resume(first)).rejects.toMatchObject({
      code: "engine.run_finished",
    });
  });
});
