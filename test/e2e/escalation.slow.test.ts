import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import { runInProcess, startCli } from "../support/cli.ts";
import { afterEach, describe, expect, test } from "vitest";
import { eventsOf } from "../support/engine.ts";
import {
  append,
  check,
  decisionIn,
  done,
  endOf,
  price,
  type Setup,
  setUp as open,
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

test("an attempt that went in circles is made again, where the settings say stuck", async () => {
  const loop = Array.from({ length: 8 }, () => ({ tool_calls: [append("/etc/none", "x")] }));
  const settings = { "limits.maxStuckTurns": 4 };
  const { create, engine, log } = setUp({ low: [...loop, done], settings });
  const first = await create();
  expect(await engine.runs.drive(first)).toMatchObject({ outcome: "verified" });
  expect(decisionIn(log(first))).toMatchObject({
    escalates: true,
    reason: "The attempt went in circles.",
  });

  const only = setUp({
    low: [...loop, done],
    settings: { ...settings, "routing.escalation.on": ["refuted"] },
  });
  const runId = await only.create();
  await only.engine.runs.drive(runId);
  expect(decisionIn(only.log(runId))).toMatchObject({ escalates: false, to: null });
});

describe("a failed attempt is the last, and the log says why,", () => {
  test.each([
    [
      "the run's tokens are short of the reserve",
      {
        "limits.maxTokens": 20_000,
        "limits.maxCostMicroUsd": 900_000_000,
        "routing.escalation.reserve": 0.99,
      },
      /tokens are short: \d+ left, 19800 needed by the reserve/,
    ],
    [
      "the run's money is short of the reserve",
      { "limits.maxCostMicroUsd": 200_000, "routing.escalation.reserve": 0.999 },
      /money is short: \d+ micro-USD left, 199800 needed by the reserve/,
    ],
    [
      "the run's time is short of the reserve",
      {
        "limits.maxSeconds": 10,
        "limits.maxCostMicroUsd": 900_000_000,
        "limits.maxTokens": 900_000_000,
        "routing.escalation.reserve": 0.999,
      },
      /time is short/,
    ],
    [
      "the workspace is larger than what is kept",
      { "routing.escalation.keepMegabytes": 1 },
      undefined,
    ],
    [
      "a budget over runs has too little left",
      { budgets: { day: { per: "tenant", period: "day", maxTokens: 400_000 } } },
      /Budget day\/tenant:default\/\S+ has too little left/,
    ],
  ] as const)("where %s", async (_row, settings, reason) => {
    const made = setUp({ settings: settings as Readonly<Record<string, JsonValue>> });
    if (reason === undefined) {
      writeFileSync(join(made.workspace, "big.bin"), Buffer.alloc(2 * 1024 * 1024));
    }
    const runId = await made.create();
    expect(await made.engine.runs.drive(runId)).toMatchObject({ runId, outcome: "refuted" });
    const log = made.log(runId);
    if (reason === undefined) {
      expect(eventsOf(log, "run.started")[0]?.notices).toContain(
        "No second attempt: the workspace is larger than 1 MB or 20000 files.",
      );
    } else {
      expect(decisionIn(log)).toMatchObject({
        escalates: false,
        to: null,
        reason: expect.stringMatching(reason),
      });
    }
  });
});

test("what nine of ten earlier runs of the next tier used is needed, where there are enough", async () => {
  const made = setUp({ settings: { "limits.maxCostMicroUsd": 200_000 } });
  const { engine, create } = made;
  const request = { effort: "medium", checks: ["true"] } as const;
  let used = 0;
  for (let run = 0; run < 10; run += 1) {
    const { runId } = await engine.runs.drive(await create(request));
    used = endOf(made.log(runId))?.totals.costMicroUsd ?? 0;
  }
  const first = await create({ checks: ["false"] });
  await engine.runs.drive(first);
  const needs = decisionIn(made.log(first))?.needs;
  expect(needs?.basis).toBe("history");
  expect(needs?.costMicroUsd).toBeGreaterThan(used / 2);
  expect(needs?.costMicroUsd).toBeLessThan(used * 2);
});

test("the answer on the terminal and as JSON has each attempt, its cost and their sum", async () => {
  const { folder, workspace, engine } = setUp();
  await engine.close();
  engines.splice(0);
  const tiers = Object.fromEntries(
    ["low", "medium"].map((tier) => [tier, { model: `scripted:${tier}.yaml` }]),
  );
  const prices = { low: price };
  const settings = { prices, routing: { enabled: true, escalation: { enabled: true }, tiers } };
  writeFileSync(
    join(folder, "agent33.config.yaml"),
    stringify({ limits: { maxChecks: 1 }, ...settings }),
  );
  const words = ["run", "Do it.", "--workspace", workspace, "--check", check];
  const { stdout, code } = await runInProcess(words, folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(/↑ escalated to medium with scripted:\S+medium\.yaml, run \S+ {2}A check/);
  expect(stdout).toMatch(/attempt 2, after run \S+/);
  expect(stdout).toMatch(
    /attempt 1: refuted, effort low, .* \$0\.00[1-9]\d*, run \S+ · its workspace is in/,
  );
  expect(stdout).toMatch(/attempt 2: verified, effort medium/);
  expect(stdout).toMatch(/all attempts: \$0\.00[1-9]/);
  const runs = await runInProcess(["runs", "list", "--json"], folder);
  const [last, first] = JSON.parse(runs.stdout).items;
  const shown = await runInProcess(["runs", "show", first.id], folder);
  expect(shown.stdout).toContain(`run ${last.id}`);

  rmSync(join(workspace, "right.txt"));
  const json = await runInProcess([...words, "--effort", "low", "--json"], folder);
  const end = JSON.parse(json.stdout.trim().split("\n").at(-1) ?? "");
  expect(end).toMatchObject({ type: "run.finished", attempts: { each: [{}, {}] } });
});

test("a process that is killed between the attempts: resuming the first goes on with the second", async () => {
  const { folder, workspace, engine } = setUp();
  await engine.close();
  engines.splice(0);
  writeFileSync(
    join(folder, "medium.yaml"),
    stringify({ name: "medium", turns: [{ tool_calls: [append("right.txt", "yes")] }, done] }),
  );
  const tiers = Object.fromEntries(
    ["low", "medium"].map((tier) => [tier, { model: `scripted:${tier}.yaml` }]),
  );
  const settings = { routing: { enabled: true, escalation: { enabled: true }, tiers } };
  const limits = { maxChecks: 1 };
  writeFileSync(join(folder, "agent33.config.yaml"), stringify({ limits, ...settings }));
  const words = ["run", "Do it.", "--workspace", workspace, "--check", check];
  const killed = startCli(words, { cwd: folder });
  await killed.seen("escalated to medium");
  killed.child.kill("SIGKILL");
  await killed.ended;

  const runs = await runInProcess(["runs", "list", "--json"], folder);
  const first = JSON.parse(runs.stdout).items.at(-1);
  expect(first.outcome).toBe("refuted");
  const resumed = await runInProcess(["resume", first.id], folder);
  expect(resumed.stdout).toMatch(/all attempts: /);
  expect(resumed.code).toBe(0);
  expect(existsSync(join(workspace, "wrong.txt"))).toBe(false);
  expect(readFileSync(join(workspace, "right.txt"), "utf8")).toBe("yes\n");
});

test("a worker goes on with the next attempt of a queued run at once", async () => {
  const made = setUp();
  const first = await made.create({ queued: true });
  const ended: string[] = [];
  await made.engine.runs.work({
    untilIdle: true,
    told: (news) => void (news.kind === "ended" && ended.push(news.outcome)),
  });
  expect(ended).toEqual(["refuted", "verified"]);
  expect(decisionIn(made.log(first))?.escalates).toBe(true);
});
