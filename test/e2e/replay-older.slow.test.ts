import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import type { NewEvent, StoredEvent } from "../../src/events/event.ts";
import { insideOf } from "../../src/base/outside.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { eventsOf, type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

/** Replays in a world that is not quite that of the run: older logs, other tools, runs that wait. */

function opened(...given: Parameters<typeof testEngine>): TestEngine {
  const made = testEngine(...given);
  onTestFinished(() => made.engine.close());
  return made;
}

const done: ScriptedTurn = { text: "Done." };
const call = (name: string, args = {}): ScriptedTurn => ({
  tool_calls: [{ name, arguments: args }],
});
const add = call("append_line", { path: "notes.txt", line: "one" });

/** A server whose tools stand in a file that a test may change between two runs. */
function shopFile() {
  // Beside the workspace: a replay would be given a copy of what was in it.
  const file = join(temporaryFolder("shop"), "tools.json");
  const offer = (...tools: readonly object[]): void => writeFileSync(file, JSON.stringify(tools));
  const script = join(import.meta.dirname, "../support/mcp-servers/follows-a-file.mjs");
  const reads = { effect: "read", repeat: "safe" } as const;
  const tools = { look: reads, shelve: reads };
  const shop = { command: process.execPath, args: [script, file], tools, confine: false };
  return { offer, settings: { mcpServers: { shop } } };
}
const tool = (name: string, description = "A tool.") => ({
  name,
  description,
  inputSchema: { type: "object", properties: {} },
});

/** A run with the log of another, as an earlier version wrote it. */
function rewritten(
  { engine }: TestEngine,
  runId: string,
  change: (event: NewEvent) => NewEvent,
): string {
  const { spec, ...row } = engine.store.runs.find(runId);
  const id = "01000000-0000-7000-8000-000000000001";
  engine.store.runs.create({ ...row, id, spec });
  const events = engine.store.runLog.read(runId).map((event: StoredEvent): NewEvent => {
    const { seq: _seq, runId: _runId, at: _at, ...rest } = event;
    return change(rest);
  });
  engine.store.runLog.append(id, events);
  return id;
}

describe("a log in which what strangers wrote has no marks yet", () => {
  test("is the same where they write the same now", async () => {
    const cwd = temporaryFolder("older");
    const shop = shopFile();
    shop.offer(tool("look"));
    const made = opened(shop.settings, cwd);
    const { runId } = await made.run([call("shop__look"), done]);
    const older = rewritten(made, runId, (event) =>
      event.type === "tool.completed" ? { ...event, content: insideOf(event.content) } : event,
    );
    const [plain] = eventsOf(made.engine.store.runLog.read(older), "tool.completed");
    expect(plain?.content).toBe("look ran");
    const report = await made.engine.runs.replay(older);
    expect(report).toMatchObject({ differs: false, calls: [{ status: "same" }] });
  });

  test("differs where they write something else, and shows only that", async () => {
    const cwd = temporaryFolder("older");
    const shop = shopFile();
    shop.offer(tool("look"));
    const made = opened(shop.settings, cwd);
    const { runId } = await made.run([call("shop__look"), done]);
    const older = rewritten(made, runId, (event) =>
      event.type === "tool.completed" ? { ...event, content: "look ran far" } : event,
    );
    const report = await made.engine.runs.replay(older);
    expect(report.calls).toMatchObject([{ status: "differs" }]);
    expect(report.calls[0]?.diff).toBe("@@ -1 +1 @@\n-look ran far\n+look ran");
  });
});

describe("a replay with other tools than then", () => {
  test("says which were added, removed and are described in other words", async () => {
    const cwd = temporaryFolder("older");
    const shop = shopFile();
    shop.offer(tool("look"), tool("shelve"));
    const first = opened(shop.settings, cwd);
    const { runId } = await first.run([call("shop__look"), call("shop__shelve"), done]);
    await first.engine.close();
    shop.offer(tool("look", "Looks again."), tool("order"));
    const later = opened(shop.settings, cwd);
    const report = await later.engine.runs.replay(runId);
    expect(report.tools).toEqual({
      added: ["shop__order"],
      removed: ["shop__shelve"],
      changed: ["shop__look"],
    });
    // A tool that is gone gives another result; one in other words is called as it is.
    expect(report.calls.map(({ status }) => status)).toEqual(["same", "differs"]);
    const { stdout } = await runInProcess(["replay", report.replay], cwd);
    expect(stdout).toMatch(
      /^tools added: shop__order\ntools removed: shop__shelve\ntools changed: shop__look$/m,
    );
  });
});

describe("a replay of a run that was judged", () => {
  test("asks no judge, and has its verdicts of then", async () => {
    const made = opened();
    const workspace = join(made.folder, "work");
    mkdirSync(workspace);
    const script = join(made.folder, "judged.yaml");
    const says = (met: boolean) => ({ text: JSON.stringify({ met, reasons: ["So it is."] }) });
    const judge = [{ text: "yes" }, says(false), says(true)];
    writeFileSync(script, stringify({ name: "judged", turns: [add, done, add, done], judge }));
    const { runId, outcome } = await made.run([], {
      task: { kind: "text", text: "Write.", workspace },
      model: `scripted:${script}`,
      judge: true,
      checks: ["test -e notes.txt"],
    });
    expect(outcome).toBe("verified");
    const report = await made.engine.runs.replay(runId);
    expect(report).toMatchObject({ ended: true, differs: false });
    expect(report.verdicts.map(({ what, before, now }) => [what, before, now])).toEqual([
      ["check 1", "passed", "passed"],
      ["check 1.2", "failed", "failed"],
      ["check 2", "passed", "passed"],
      ["check 2.2", "passed", "passed"],
      ["outcome", "verified", "verified"],
      ["files changed", "added notes.txt (8 bytes)", "added notes.txt (8 bytes)"],
    ]);
    const { items } = made.engine.store.audit.list({ runId: report.replay, limit: 50 });
    expect(items.filter(({ connector }) => connector.startsWith("model:"))).toEqual([]);
    const replayed = made.engine.store.runLog.read(report.replay);
    expect(eventsOf(replayed, "judge.completed")).toHaveLength(3);
    expect(eventsOf(replayed, "run.finished")[0]?.totals).toMatchObject({ inputTokens: 0 });
  });
});

describe("a replay of a run that is parked", () => {
  test("says so, and compares what was there", async () => {
    const cwd = freshFolder();
    const pack = [
      "pack: careful",
      "version: 1",
      "description: asks before the second line",
      "default: allow",
      "rules:",
      '  - { id: more, ask: { tool: append_line }, limit: { max: 1, per: run }, reason: "Enough?" }',
    ].join("\n");
    const path = join(cwd, "careful.yaml");
    writeFileSync(path, pack);
    const made = opened({ "policy.packs": ["careful"], "policy.files": [path] }, cwd);
    const both = { tool_calls: [...(add.tool_calls ?? []), ...(add.tool_calls ?? [])] };
    const { runId, outcome } = await made.run([both, done]);
    expect(outcome).toBe("parked");
    await made.engine.close();
    const { code, stdout } = await runInProcess(["replay", runId], cwd);
    expect(stdout).toMatch(/^1\.0 .* same$/m);
    expect(stdout).toMatch(/^1\.1 .* not made yet: the run waits$/m);
    expect(stdout).toMatch(/^The run is parked in turn 1 \(event \d+\): it waits for a person\./m);
    expect(stdout).toMatch(/^1 same, 0 differ, 0 not run, 1 not made yet /m);
    expect(stdout).toContain("nothing differs so far");
    expect(code).toBe(0);
    const json = await runInProcess(["replay", runId, "--json"], cwd);
    expect(JSON.parse(json.stdout)).toMatchObject({
      original: { outcome: "none", parked: true },
      differs: false,
      counts: { same: 1, missing: 1 },
    });
  });
});
