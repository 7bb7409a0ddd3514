import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { JsonValue } from "../../src/base/json.ts";
import type { WorkNews } from "../../src/engine/runs.ts";
import { freshFolder, runInProcess, startCli } from "../support/cli.ts";
import { eventsOf, type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";
import { startScriptedServer } from "../support/scripted-server.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
function opened(
  settings: Readonly<Record<string, JsonValue>> = {},
  folder?: string,
  now: () => number = systemClock.now,
): TestEngine {
  const made = testEngine(settings, folder, {}, { clock: { ...systemClock, now } });
  closing.push(() => made.engine.close());
  return made;
}

const append = (line: string) => ({ name: "append_line", arguments: { path: "notes.txt", line } });
const textOf = (folder: string): string => readFileSync(join(folder, "notes.txt"), "utf8");

function queue(made: TestEngine, turns: readonly ScriptedTurn[], model?: string): Promise<string> {
  return made.engine.runs.create({
    task: { kind: "text", text: "Do it.", workspace: made.folder },
    model: model ?? made.script(turns),
    effort: undefined,
    mcpCommands: [],
    queued: true,
  });
}

/** Settings under which a person is asked before each write of the agent's own tools. */
function asking(folder: string): Readonly<Record<string, JsonValue>> {
  const pack = join(folder, "asks.yaml");
  const rules = [
    "pack: asks",
    "version: 1",
    "description: for this test",
    "default: allow",
    "rules:",
    "  - id: writes",
    '    ask: { connector: "tool:workspace" }',
    "    reason: A person decides.",
  ];
  writeFileSync(pack, rules.join("\n"));
  return { "policy.packs": ["asks"], "policy.files": [pack] };
}

/** Works until nothing is left, and gives what was told. */
async function workAll(made: TestEngine): Promise<readonly WorkNews[]> {
  const told: WorkNews[] = [];
  await made.engine.runs.work({ untilIdle: true, told: (news) => told.push(news) });
  return told;
}

describe("a worker", () => {
  test("drives what was queued by another engine, and ends when nothing is left", async () => {
    const asker = opened();
    const runs = [
      await queue(asker, [{ tool_calls: [append("one")] }, { text: "Done." }]),
      await queue(asker, [{ text: "Done." }]),
    ];
    const told = await workAll(opened({}, asker.folder));
    expect(told.filter(({ kind }) => kind === "ended")).toEqual(
      expect.arrayContaining(
        runs.map((runId) => ({ kind: "ended", runId, outcome: "unverified" })),
      ),
    );
    expect(textOf(asker.folder)).toBe("one\n");
    const events = asker.engine.store.runLog.read(runs[0]!).map(({ type }) => type);
    expect(events.slice(0, 3)).toEqual(["run.started", "message.user", "session.opened"]);
    expect(events.at(-1)).toBe("run.finished");
  });

  test("leaves a run that is not queued to whoever created it, for a while", async () => {
    const made = opened();
    const runId = await made.engine.runs.create({
      task: { kind: "text", text: "Do it.", workspace: undefined },
      model: made.script([{ text: "Done." }]),
      effort: undefined,
      mcpCommands: [],
    });
    const stop = new AbortController();
    const told: WorkNews[] = [];
    const working = made.engine.runs.work({
      signal: stop.signal,
      told: (news) => told.push(news),
    });
    await delay(100);
    stop.abort();
    await working;
    expect(told).toEqual([]);
    expect(await made.engine.runs.drive(runId)).toMatchObject({ outcome: "unverified" });
  });

  test("goes on with a parked run once its question is answered, not before", async () => {
    const { folder } = opened();
    const made = opened(asking(folder), folder);
    const runId = await queue(made, [{ tool_calls: [append("x")] }, { text: "Done." }]);
    const parked = await workAll(made);
    expect(parked.at(-1)).toEqual({ kind: "ended", runId, outcome: "parked" });
    expect(made.engine.store.runs.get(runId)).toMatchObject({ state: "parked" });
    expect(await workAll(made)).toEqual([]);
    const [question] = made.engine.store.approvals.list();
    await made.engine.decideApproval(question!.id, "approved");
    const told = await workAll(opened({}, folder));
    expect(told.at(-1)).toEqual({ kind: "ended", runId, outcome: "unverified" });
    expect(textOf(made.folder)).toBe("x\n");
  });

  test("is not needed while a question waits for days, and goes on after them in another process", async () => {
    const { folder } = opened();
    const patient = { ...asking(folder), "approvals.ttlMinutes": 20_160 };
    const first = testEngine(patient, folder);
    const runId = await queue(first, [{ tool_calls: [append("x")] }, { text: "Done." }]);
    expect((await workAll(first)).at(-1)).toMatchObject({ outcome: "parked" });
    await first.engine.close();
    const days = 5 * 24 * 60 * 60_000;
    const later = opened(patient, folder, () => systemClock.now() + days);
    // Nothing is due, and nobody holds it.
    expect(await workAll(later)).toEqual([]);
    const [question] = later.engine.store.approvals.list();
    await later.engine.decideApproval(question!.id, "approved");
    expect((await workAll(later)).at(-1)).toMatchObject({ runId, outcome: "unverified" });
    expect(textOf(folder)).toBe("x\n");
    const [end] = eventsOf(later.engine.store.runLog.read(runId), "run.finished");
    expect(end?.totals.durationMs).toBeLessThan(60_000);
  });

  test("gives up a run that it cannot open again and again, and its book says why", async () => {
    let looks = 0;
    const made = opened({}, undefined, () => systemClock.now() + (looks += 1) * 10_000);
    const runId = await queue(made, [{ text: "Done." }]);
    const opening = { type: "session.opened", tools: [], skills: [], notices: [] } as const;
    made.engine.store.runLog.append(runId, [opening]);
    rmSync(join(made.folder, "script-1.yaml"));
    const told = await workAll(made);
    expect(told.filter(({ kind }) => kind === "let go")).toHaveLength(10);
    expect(told.find(({ kind }) => kind === "let go")).toMatchObject({
      error: { code: "models.unreadable_script" },
    });
    expect(made.engine.store.runs.get(runId)).toMatchObject({ outcome: "failed" });
    const [end] = eventsOf(made.engine.store.runLog.read(runId), "run.finished");
    expect(end?.stop).toMatchObject({
      error: {
        code: "durable.too_many_attempts",
        message: expect.stringContaining("models.unreadable_script"),
      },
    });
  });

  test("lets go of its runs when it is told to stop, so that another goes on at once", async () => {
    const script = { name: "w", turns: [{ text: "Done." }] };
    const server = await startScriptedServer(script, { faults: ["hang"] });
    closing.push(() => server.close());
    const made = opened({ baseUrl: server.baseUrl });
    const runId = await queue(made, [], "openai-compatible:w");
    const stop = new AbortController();
    const told: WorkNews[] = [];
    const working = made.engine.runs.work({ signal: stop.signal, told: (news) => told.push(news) });
    await expect.poll(() => server.requests.length).toBe(1);
    stop.abort();
    await working;
    expect(told).toEqual([
      { kind: "taken", runId },
      { kind: "let go", runId },
    ]);
    const other = await workAll(opened({ baseUrl: server.baseUrl }, made.folder));
    expect(other.at(-1)).toEqual({ kind: "ended", runId, outcome: "unverified" });
  });

  test("drives a run that was cancelled while it was queued to no turn at all", async () => {
    const made = opened();
    const runId = await queue(made, [{ tool_calls: [append("x")] }]);
    made.engine.runs.cancel(runId);
    expect(await workAll(made)).toEqual([]);
    expect(made.engine.store.runs.get(runId)).toMatchObject({ outcome: "cancelled" });
    expect(() => textOf(made.folder)).toThrow();
  });

  test("ends a run that cannot begin with the error, and says so", async () => {
    const made = opened();
    const runId = await queue(made, [{ text: "Done." }]);
    rmSync(join(made.folder, "script-1.yaml"));
    expect((await workAll(made)).at(-1)).toEqual({ kind: "ended", runId, outcome: "failed" });
    const [end] = eventsOf(made.engine.store.runLog.read(runId), "run.finished");
    expect(end?.stop).toMatchObject({ error: { code: "models.unreadable_script" } });
  });

  test("does not touch the runs of another tenant", async () => {
    const made = opened();
    const runId = await queue(made, [{ text: "Done." }]);
    const other = opened({ tenant: "other" }, made.folder);
    expect(await workAll(other)).toEqual([]);
    expect(made.engine.store.runs.get(runId)).toMatchObject({ state: "running" });
    expect((await workAll(made)).at(-1)).toMatchObject({ runId, outcome: "unverified" });
  });

  test("does not count the time in the queue as the run's", async () => {
    const made = opened();
    const runId = await queue(made, [{ text: "Done." }]);
    await delay(300);
    await workAll(made);
    const [end] = eventsOf(made.engine.store.runLog.read(runId), "run.finished");
    expect(end?.totals.durationMs).toBeLessThan(300);
  });
});

describe("agent33 work", () => {
  test("drives what `run --queue` wrote down, and says how each run ended", async () => {
    const cwd = freshFolder();
    const { script } = opened({}, cwd);
    const model = script([{ text: "Done." }]);
    const queued = await runInProcess(["run", "Do it.", "--model", model, "--queue"], cwd);
    const runId = queued.stdout.trim();
    expect(runId).toMatch(/^[0-9a-f-]{36}$/);
    const worked = await runInProcess(["work", "--until-idle", "--json"], cwd);
    const lines = worked.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as JsonValue);
    expect(lines).toEqual([
      { kind: "ready", dataDir: join(cwd, ".agent33") },
      { kind: "taken", runId },
      { kind: "ended", runId, outcome: "unverified" },
    ]);
    expect(worked.code).toBe(0);
  });

  // A whole program is started, which on a busy machine takes its time.
  const patience = { timeout: 90_000 };
  test(
    "as a process takes up what comes, and ends with 0 when it is asked to end",
    patience,
    async () => {
      const cwd = freshFolder();
      const { script } = opened({}, cwd);
      const worker = startCli(["work"], { cwd });
      await worker.seen("working on");
      const model = script([{ text: "Done." }]);
      const queued = await runInProcess(["run", "Do it.", "--model", model, "--queue"], cwd);
      await worker.seen(`${queued.stdout.trim()} unverified`);
      worker.child.kill("SIGTERM");
      expect(await worker.ended).toMatchObject({ code: 0 });
    },
  );
});
