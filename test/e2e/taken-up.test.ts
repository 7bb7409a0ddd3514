import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/events/event.ts";
import { testGrant } from "../support/egress.ts";
import { openSealed } from "../support/sealed-file.ts";
import { type TestEngine, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

const closing: TestEngine[] = [];
afterEach(async () => {
  for (const { engine } of closing.splice(0)) await engine.close();
});
function opened(...given: Parameters<typeof testEngine>): TestEngine {
  const made = testEngine(...given);
  closing.push(made);
  return made;
}

function create({ engine, folder, script }: TestEngine): Promise<string> {
  return engine.runs.create({
    task: { kind: "text", text: "Do it.", workspace: folder },
    model: script([{ text: "Done." }]),
    effort: undefined,
    mcpCommands: [],
  });
}

describe("a run whose model is gone when it is taken up", () => {
  test("ends with the error where it never began", async () => {
    const made = opened();
    const runId = await create(made);
    rmSync(join(made.folder, "script-1.yaml"));
    expect(await made.engine.runs.drive(runId)).toEqual({ runId, outcome: "failed" });
    expect(made.engine.store.runs.get(runId)).toMatchObject({ state: "finished" });
  });

  test("stays as it was where it had begun: what is missing may come back", async () => {
    const made = opened();
    const runId = await create(made);
    const opening = { type: "session.opened", tools: [], skills: [], notices: [] } as const;
    made.engine.store.runLog.append(runId, [opening]);
    rmSync(join(made.folder, "script-1.yaml"));
    await expect(made.engine.runs.drive(runId)).rejects.toMatchObject({
      code: "models.unreadable_script",
    });
    expect(made.engine.store.runs.get(runId)).toMatchObject({ state: "running" });
  });
});

describe("a run that another process holds", () => {
  /** The number of a process that has ended. */
  const gone = testGrant("starts a program that ends", { spawn: true }).run(
    () => spawnSync(process.execPath, ["--version"]).pid,
  );

  function holdBy({ folder }: TestEngine, runId: string, pid: number, leaseMs = 3_600_000): void {
    const native = openSealed(join(folder, ".agent33/agent33.db"));
    native
      .prepare(
        "UPDATE durable_runs SET state = 'running', owner = ?, lease_until = ? WHERE run_id = ?",
      )
      .run(`${hostname()}:${pid}:12345678`, Date.now() + leaseMs, runId);
    native.close();
  }

  test("is left alone while that one lives", async () => {
    const made = opened();
    const runId = await create(made);
    // As long as one that its holder renews: of any other a clock was set.
    holdBy(made, runId, process.ppid, 15_000);
    await expect(made.engine.runs.resume(runId)).rejects.toMatchObject({
      code: "durable.run_active",
    });
    expect(made.engine.store.runLog.read(runId).map(({ type }) => type)).toEqual([
      "run.started",
      "message.user",
    ]);
  });

  test("is left as it ended when that one died between the end of the book and of the journal", async () => {
    const made = opened();
    const runId = await create(made);
    expect(await made.engine.runs.drive(runId)).toEqual({ runId, outcome: "unverified" });
    const log = made.engine.store.runLog.read(runId);
    holdBy(made, runId, gone);
    await made.engine.runs.work({ untilIdle: true });
    expect(made.engine.store.runs.get(runId)).toMatchObject({
      state: "finished",
      outcome: "unverified",
    });
    expect(made.engine.store.runLog.read(runId)).toEqual(log);
  });

  test("is taken up at once when that one has died, whatever its lease says", async () => {
    const made = opened();
    const runId = await create(made);
    holdBy(made, runId, gone);
    expect(await made.engine.runs.resume(runId)).toEqual({ runId, outcome: "unverified" });
  });
});

test("who follows a run hears of that run only", async () => {
  const made = opened();
  const [one, other] = [await create(made), await create(made)];
  const heard: RunEvent[] = [];
  const stop = made.engine.runs.follow(one, (event) => heard.push(event));
  await Promise.all([made.engine.runs.drive(one), made.engine.runs.drive(other)]);
  stop();
  expect(heard.some(({ type }) => type === "run.finished")).toBe(true);
  expect(new Set(heard.map(({ runId }) => runId))).toEqual(new Set([one]));
});

test("a shell's workspace must not hold the data folder, wherever else the settings are", async () => {
  const workspace = temporaryFolder("workspace");
  const made = opened({ data: join(workspace, "data") });
  const task = { kind: "text", text: "Do it.", workspace } as const;
  await expect(made.run([{ text: "Done." }], { task, shell: true })).rejects.toMatchObject({
    code: "engine.data_in_workspace",
    message: expect.stringContaining(join(workspace, "data")),
  });
});
