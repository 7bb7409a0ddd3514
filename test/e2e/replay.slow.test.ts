import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ReplayReport } from "../../src/engine/create-replay.ts";
import type { NewEvent, StoredEvent } from "../../src/events/event.ts";
import { eventsOf, type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";
import { freshFolder } from "../support/cli.ts";

const open: TestEngine[] = [];
afterEach(async () => {
  for (const made of open.splice(0)) await made.engine.close();
});

type Made = TestEngine & { readonly workspace: string };

/** An engine whose runs work in a folder of their own. */
function office(...[settings, folder]: Parameters<typeof testEngine>): Made {
  const made = testEngine(settings, folder);
  open.push(made);
  const workspace = join(made.folder, "workspace");
  mkdirSync(workspace, { recursive: true });
  return { ...made, workspace };
}

const append = (line: string, path = "notes.txt") => ({
  name: "append_line",
  arguments: { path, line },
});

const run = ({ run: start, workspace }: Made, turns: readonly ScriptedTurn[]) =>
  start(turns, { task: { kind: "text", text: "Note it.", workspace } });

const statuses = ({ calls }: ReplayReport) => calls.map(({ status }) => status);

const noted = [
  { text: "I note it.", tool_calls: [append("one"), append("two")] },
  { text: "Done." },
];

describe("a replay", () => {
  test("does again what the run did, in a copy of what the run began with", async () => {
    const made = office();
    writeFileSync(join(made.workspace, "notes.txt"), "zero\n");
    const { runId, events } = await run(made, noted);
    const report = await made.engine.runs.replay(runId);
    expect(report).toMatchObject({
      of: runId,
      ended: true,
      differs: false,
      counts: { same: 2, differs: 0, notRun: 0, missing: 0, notReached: 0 },
      start: [],
      tokens: 0,
    });
    expect(report.verdicts.map(({ what, differs }) => [what, differs])).toEqual([
      ["outcome", false],
      ["files changed", false],
    ]);
    expect(readFileSync(join(made.workspace, "notes.txt"), "utf8")).toBe("zero\none\ntwo\n");
    const replayed = made.engine.store.runLog.read(report.replay);
    expect(replayed[0]).toMatchObject({ type: "run.started", replayOf: runId });
    const [started] = eventsOf(replayed, "run.started");
    expect(readFileSync(join(started?.workspace ?? "", "notes.txt"), "utf8")).toBe(
      "zero\none\ntwo\n",
    );
    const said = (log: readonly StoredEvent[]) =>
      eventsOf(log, "turn.completed").map(({ parts }) => parts);
    expect(said(replayed)).toEqual(said(events));
    expect(eventsOf(replayed, "run.finished")[0]?.totals).toMatchObject({
      turns: 2,
      toolCalls: 2,
      inputTokens: 0,
      costMicroUsd: 0,
    });
  });

  test("asks no model, and its calls are in the audit as its own", async () => {
    const made = office();
    const { runId } = await run(made, noted);
    const { replay } = await made.engine.runs.replay(runId);
    const { items } = made.engine.store.audit.list({ runId: replay, limit: 50 });
    expect(items.map(({ connector }) => connector)).toEqual(["tool:workspace", "tool:workspace"]);
  });

  test("shows how a result differs, and goes on with what the model said then", async () => {
    const made = office();
    const { runId } = await run(made, noted);
    const kept = join(made.engine.dataDir, "runs", runId, "workspace-kept.json");
    rmSync(kept);
    rmSync(join(made.workspace, "notes.txt"));
    mkdirSync(join(made.workspace, "notes.txt"));
    const report = await made.engine.runs.replay(runId);
    expect(report.differs).toBe(true);
    expect(statuses(report)).toEqual(["differs", "differs"]);
    expect(report.calls[0]?.diff).toMatch(/^@@ -1 \+1 @@\n-Appended 1 line .*\n\+.*notes\.txt/);
    expect(report.calls[0]).toMatchObject({ thenError: false, nowError: true });
    expect(report.verdicts.find(({ what }) => what === "files changed")?.differs).toBe(true);
  });

  test("says which files are not as they were where they were not kept", async () => {
    const made = office({ "replay.keepMegabytes": 0 });
    writeFileSync(join(made.workspace, "other.txt"), "other");
    const { runId } = await run(made, noted);
    const report = await made.engine.runs.replay(runId);
    expect(report.start).toEqual([{ path: "notes.txt", change: "added", bytes: 8 }]);
    const [started] = eventsOf(made.engine.store.runLog.read(report.replay), "run.started");
    expect(started?.notices.join(" ")).toContain("as it is now");
    expect(existsSync(join(started?.workspace ?? "", "other.txt"))).toBe(true);
  });

  test("is never taken for a run of its own by what learns from runs", async () => {
    const made = office();
    const failing = [{ tool_calls: [{ name: "no_such_tool", arguments: {} }] }, { text: "Done." }];
    const { runId } = await run(made, failing);
    const signals = async () => {
      await made.engine.learning.catchUp();
      const { signals: kept } = await made.engine.learning.rows();
      return (await kept.list({ limit: 100 })).items.map(({ occurrences }) => occurrences);
    };
    await vi.waitFor(async () => expect(await signals()).toEqual([1]));
    await made.engine.runs.replay(runId);
    expect(await signals()).toEqual([1]);
  });

  test("gives the log's answer for a call that was refused before it was made", async () => {
    const made = office();
    const { runId } = await run(made, [
      { tool_calls: [{ name: "append_lines", arguments: {} }, append("one")] },
      { text: "Done." },
    ]);
    const report = await made.engine.runs.replay(runId);
    expect(report.calls.map(({ status, why }) => [status, why])).toEqual([
      ["not_run", "refused"],
      ["same", undefined],
    ]);
    expect(report.differs).toBe(false);
  });

  test("refuses a run of another version and a replay, and says what to do", async () => {
    const made = office();
    const { runId } = await run(made, noted);
    const { replay } = await made.engine.runs.replay(runId);
    await expect(made.engine.runs.replay(replay)).rejects.toMatchObject({
      code: "engine.replay_of_replay",
      hint: expect.stringContaining(runId),
    });
    const { spec, ...row } = made.engine.store.runs.find(runId);
    const older = { ...(spec as object), version: 0 };
    made.engine.store.runs.create({ ...row, id: "old-1", spec: older });
    await expect(made.engine.runs.replay("old-1")).rejects.toMatchObject({
      code: "engine.malformed_run",
    });
  });
});

describe("a replay of a run that a person was asked in", () => {
  const pack = [
    "pack: careful",
    "version: 1",
    "description: asks before anything is written",
    "default: allow",
    "rules:",
    "  - id: writes",
    '    ask: { connector: "tool:workspace" }',
    "    reason: Writing needs a person.",
  ].join("\n");

  function careful(): Made {
    const folder = freshFolder();
    const path = join(folder, "careful.yaml");
    writeFileSync(path, pack);
    return office({ "policy.packs": ["careful"], "policy.files": [path] }, folder);
  }

  async function decided(made: Made, decision: "approved" | "denied"): Promise<string> {
    const { runId } = await run(made, [{ tool_calls: [append("asked")] }, { text: "Done." }]);
    const [question] = made.engine.store.approvals.list({ state: "pending" });
    await made.engine.decideApproval(question?.id ?? "", decision);
    await made.engine.runs.resume(runId);
    return runId;
  }

  test("asks nobody about what stays in the scratch copy", async () => {
    const made = careful();
    const report = await made.engine.runs.replay(await decided(made, "approved"));
    expect(statuses(report)).toEqual(["same"]);
    expect(made.engine.store.approvals.list({ state: "pending" })).toEqual([]);
    const [done] = eventsOf(made.engine.store.runLog.read(report.replay), "tool.completed");
    expect(done?.decision).toMatchObject({ effect: "allow", ruleId: "replay/asked-then" });
  });

  test("does not do what the person denied", async () => {
    const made = careful();
    const report = await made.engine.runs.replay(await decided(made, "denied"));
    expect(report.calls).toMatchObject([{ status: "not_run", why: "not_approved" }]);
    const [started] = eventsOf(made.engine.store.runLog.read(report.replay), "run.started");
    expect(existsSync(join(started?.workspace ?? "", "notes.txt"))).toBe(false);
  });

  test("replays a run that waits as far as it goes, and says where it ended", async () => {
    const made = careful();
    const { runId } = await run(made, [{ tool_calls: [append("asked")] }, { text: "Done." }]);
    const report = await made.engine.runs.replay(runId);
    expect(report).toMatchObject({
      ended: true,
      differs: false,
      original: { outcome: "none", lastTurn: 1 },
      calls: [{ status: "missing", tool: "append_line" }],
      verdicts: [],
    });
  });
});

describe("a log that something is particular about", () => {
  /** A run with a log that is written here. */
  async function written(
    made: Made,
    events: (real: readonly StoredEvent[]) => readonly NewEvent[],
  ) {
    const { runId, events: real } = await run(made, noted);
    const { spec, ...row } = made.engine.store.runs.find(runId);
    const id = `written-${made.engine.store.runs.list({}).items.length}`;
    made.engine.store.runs.create({ ...row, id, spec });
    made.engine.store.runLog.append(id, events(real));
    return id;
  }

  const without = (event: StoredEvent): NewEvent => {
    const { seq: _seq, runId: _runId, at: _at, ...rest } = event;
    return rest;
  };

  test("says that a call has no result where the run died in it", async () => {
    const made = office();
    const id = await written(made, (real) => {
      const at = real.findLastIndex(({ type }) => type === "tool.started");
      return real.slice(0, at + 1).map(without);
    });
    const report = await made.engine.runs.replay(id);
    expect(statuses(report)).toEqual(["same", "missing"]);
    expect(report.original.outcome).toBe("none");
  });
});
