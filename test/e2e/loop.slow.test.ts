import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { switchEgressGuard } from "../../src/boundary/egress/guard.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";

const open: TestEngine[] = [];
function engineWith(...settings: Parameters<typeof testEngine>): TestEngine {
  const made = testEngine(...settings);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const made of open.splice(0)) await made.engine.close();
});

const append = (line: string, path = "notes.txt") => ({
  name: "append_line",
  arguments: { path, line },
});

describe("the loop", () => {
  test("runs until a turn asks for no tools, and says that nobody checked", async () => {
    const { run, folder } = engineWith();
    const { outcome, events } = await run([
      { text: "I note it.", tool_calls: [append("one")] },
      { text: "Done." },
    ]);
    expect(outcome).toBe("unverified");
    expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("one\n");
    expect(events.map((event) => event.type)).toEqual([
      "run.started",
      "message.user",
      "session.opened",
      "turn.started",
      "turn.completed",
      "tool.started",
      "tool.completed",
      "turn.started",
      "turn.completed",
      "agent.stopped",
      "run.finished",
    ]);
    expect(events.map((event) => event.seq)).toEqual(events.map((_event, index) => index + 1));
    expect(events.at(-1)).toMatchObject({
      summary: "Done.",
      totals: { turns: 2, toolCalls: 1 },
      filesChanged: [{ path: "notes.txt", change: "added" }],
    });
  });

  test("the log says whether the egress guard was on, and what could be opened around it", async () => {
    const { run } = engineWith();
    const { events } = await run([{ text: "Done." }]);
    const [opened] = eventsOf(events, "session.opened");
    expect(opened?.egress?.guard).toBe("on");
    expect(opened?.egress?.grants).toContainEqual({
      name: "evaluation/verify",
      covers: "starts programs",
    });

    const unguarded = engineWith({ egressGuard: "off" });
    const { events: later } = await unguarded.run([{ text: "Done." }]);
    switchEgressGuard("on");
    expect(eventsOf(later, "session.opened")[0]?.egress?.guard).toBe("off");
  });

  test("every call of a run is in the audit with its decision", async () => {
    const { run, engine } = engineWith();
    const { runId } = await run([{ tool_calls: [append("one")] }, { text: "Done." }]);
    const { items } = engine.store.audit.list({ runId, limit: 50 });
    expect(
      items
        .map((entry) => [entry.connector, entry.operation, entry.outcome, entry.state].join(" "))
        .sort(),
    ).toEqual([
      "model:scripted chat ok closed",
      "model:scripted chat ok closed",
      "tool:workspace tools/call ok closed",
    ]);
    expect(
      items.every((entry) => entry.decision === "allow" && entry.ruleId.startsWith("default/")),
    ).toBe(true);
  });

  test("results come back in the order of the calls", async () => {
    const { run } = engineWith();
    const { events } = await run([
      { tool_calls: [append("a"), append("b"), append("c")] },
      { text: "Done." },
    ]);
    expect(eventsOf(events, "tool.completed").map((event) => event.index)).toEqual([0, 1, 2]);
  });

  test("a call of a tool that does not exist is answered with the nearest name and the run goes on", async () => {
    const { run } = engineWith();
    const { outcome, events } = await run([
      { tool_calls: [{ name: "append_lines", arguments: {} }] },
      { text: "Done." },
    ]);
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "tool.completed")[0]).toMatchObject({
      isError: true,
      decision: null,
      error: { code: "tools.unknown_tool", hint: expect.stringContaining("append_line") },
    });
  });

  test.each([
    ["text that is not JSON", '{"path": "notes.txt", "line": ', "tools.malformed_arguments"],
    ["a missing field", '{"path": "notes.txt"}', "tools.invalid_arguments"],
    ["a wrong type", '{"path": "notes.txt", "line": 3}', "tools.invalid_arguments"],
  ])("arguments with %s are sent back to the model and nothing runs", async (_what, text, code) => {
    const { run, folder } = engineWith();
    const { events } = await run([
      { tool_calls: [{ name: "append_line", arguments_text: text }] },
      { text: "Done." },
    ]);
    expect(eventsOf(events, "tool.completed")[0]).toMatchObject({ isError: true, error: { code } });
    expect(() => readFileSync(join(folder, "notes.txt"))).toThrow(
      expect.objectContaining({ code: "ENOENT" }),
    );
  });

  test("a model that never stops is stopped at its limit, after one closing turn without tools", async () => {
    const { run } = engineWith({ "limits.maxSteps": 3 });
    const again = { tool_calls: [append("again")] };
    const { outcome, events } = await run([again, again, again, again, again]);
    expect(outcome).toBe("failed");
    expect(eventsOf(events, "turn.started").map((event) => event.toolsOffered)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(eventsOf(events, "tool.completed")).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ stop: { reason: "limit", limit: "steps", allowed: 3 } });
  });

  test("calls beyond the limit of one turn are not run and say so", async () => {
    const { run } = engineWith({ "limits.maxToolCallsPerStep": 2 });
    const { events } = await run([
      { tool_calls: [append("a"), append("b"), append("c")] },
      { text: "Done." },
    ]);
    expect(eventsOf(events, "tool.completed").map((event) => event.isError)).toEqual([
      false,
      false,
      true,
    ]);
  });

  test("a token budget that a call does not fit into ends the run before the call", async () => {
    const { run } = engineWith({ "limits.maxTokens": 100 });
    const { outcome, events } = await run([{ text: "Never said." }]);
    expect(outcome).toBe("failed");
    expect(eventsOf(events, "turn.failed")[0]).toMatchObject({
      error: { code: "boundary.budget_exceeded" },
    });
    expect(events.at(-1)).toMatchObject({
      stop: { reason: "limit", limit: "tokens", allowed: 100 },
    });
  });

  test("a script that runs out is an error that says so", async () => {
    const { run } = engineWith();
    const { outcome, events } = await run([{ tool_calls: [append("a")] }]);
    expect(outcome).toBe("failed");
    expect(JSON.stringify(events.at(-1))).toContain("script");
  });

  test("the agent cannot write into the engine's own data folder", async () => {
    const { run } = engineWith();
    const { events } = await run([
      { tool_calls: [append("x", ".agent33/agent33.db"), append("x", "./.agent33/runs/x")] },
      { text: "Done." },
    ]);
    for (const event of eventsOf(events, "tool.completed")) {
      expect(event).toMatchObject({ isError: true, content: expect.stringContaining("own files") });
    }
  });

  test("a secret that the engine knows does not reach the log", async () => {
    const { run } = engineWith({ mcpServers: {} });
    const secret = `sk-${"a1b2".repeat(8)}`;
    const { events } = await run([{ text: `The key is ${secret}.` }]);
    expect(JSON.stringify(events)).not.toContain(secret);
    expect(JSON.stringify(events)).toContain("[secret:api-key:");
  });
});

describe("questions to a person", () => {
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

  function careful(): TestEngine {
    const made = testEngine();
    const path = join(made.folder, "careful.yaml");
    writeFileSync(path, pack);
    open.push(made);
    const asking = testEngine({ "policy.packs": ["careful"], "policy.files": [path] }, made.folder);
    open.push(asking);
    return asking;
  }

  test("an approved call runs once, after the run was parked and resumed", async () => {
    const { run, engine, folder } = careful();
    const first = await run([{ tool_calls: [append("asked")] }, { text: "Done." }]);
    expect(first.outcome).toBe("parked");
    expect(engine.store.runs.get(first.runId)).toMatchObject({ state: "parked" });
    const [question] = engine.store.approvals.list({ state: "pending" });
    expect(question).toMatchObject({ runId: first.runId, ruleId: "careful/writes" });
    await engine.decideApproval(question!.id, "approved");
    expect(await engine.runs.resume(first.runId)).toMatchObject({ outcome: "unverified" });
    expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("asked\n");
    expect(engine.store.approvals.list({ state: "consumed" })).toHaveLength(1);
  });

  test("a denied call is told to the model, which can go on without it", async () => {
    const { run, engine, folder } = careful();
    const first = await run([{ tool_calls: [append("asked")] }, { text: "Then not." }]);
    const [question] = engine.store.approvals.list({ state: "pending" });
    await engine.decideApproval(question!.id, "denied");
    expect(await engine.runs.resume(first.runId)).toMatchObject({ outcome: "unverified" });
    const events = engine.store.runLog.read(first.runId);
    expect(eventsOf(events, "tool.completed")[0]).toMatchObject({
      isError: true,
      error: { code: "boundary.approval_denied" },
    });
    expect(() => readFileSync(join(folder, "notes.txt"))).toThrow(
      expect.objectContaining({ code: "ENOENT" }),
    );
  });

  test("resuming before there is an answer leaves the run parked", async () => {
    const { run, engine } = careful();
    const { runId } = await run([{ tool_calls: [append("asked")] }, { text: "Done." }]);
    expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "parked" });
    expect(engine.store.approvals.list({ state: "pending" })).toHaveLength(1);
  });

  test("a finished run cannot be resumed", async () => {
    const { run, engine } = engineWith();
    const { runId } = await run([{ text: "Done." }]);
    await expect(engine.runs.resume(runId)).rejects.toMatchObject({ code: "engine.run_finished" });
  });
});
