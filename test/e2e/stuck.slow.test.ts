import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { startScriptedServer } from "../support/scripted-server.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function opened(settings: Readonly<Record<string, JsonValue>> = {}, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  closing.push(() => made.engine.close());
  return made;
}

const append = (line: string, path = "notes.txt") => ({
  name: "append_line",
  arguments: { path, line },
});
const again = { tool_calls: [append("again")] };
const circles = [again, again, again, again, again, again, { text: "I got nowhere." }];
const linesOf = (folder: string) => readFileSync(join(folder, "notes.txt"), "utf8").split("\n");

describe("a run that goes in circles", () => {
  test("is told, then refused that very call, then stopped after one closing turn", async () => {
    const { run, folder } = opened();
    const { outcome, events } = await run(circles);
    expect(outcome).toBe("failed");
    expect(linesOf(folder)).toEqual(["again", "again", "again", "again", ""]);
    expect(
      eventsOf(events, "stuck.noticed").map(({ turns, refused }) => [turns, refused.length]),
    ).toEqual([
      [3, 0],
      [4, 1],
      [5, 1],
    ]);
    expect(eventsOf(events, "tool.completed").map(({ error }) => error?.code)).toEqual([
      ...Array.from({ length: 4 }, () => undefined),
      "agents.stuck_call",
      "agents.stuck_call",
    ]);
    const evidence = eventsOf(events, "tool.completed").map(({ seq }) => seq);
    expect(eventsOf(events, "agent.stopped")[0]).toMatchObject({
      summary: "I got nowhere.",
      stop: { reason: "stuck", kind: "repeat", turns: 6, evidence },
    });
    expect(eventsOf(events, "turn.started").at(-1)).toMatchObject({ turn: 7, toolsOffered: false });
  });

  test("is shown to a person with the events that prove it", async () => {
    const { run, folder } = opened();
    const { runId, events } = await run(circles);
    const { stdout } = await runInProcess(["runs", "show", runId], folder);
    const seqs = eventsOf(events, "tool.completed").map(({ seq }) => seq);
    expect(stdout).toContain(`↻ stuck  repeat for 3 turns (events ${seqs.slice(0, 3).join(", ")})`);
    expect(stdout).toContain("the same again is refused");
    expect(stdout).toContain(
      `agent stopped  stuck: repeat for 6 turns (events ${seqs.join(", ")})`,
    );
  });

  test("goes on when it does something else after the warning", async () => {
    const { run, folder } = opened();
    const { outcome, events } = await run([
      again,
      again,
      again,
      { tool_calls: [append("other")] },
      { text: "Done." },
    ]);
    expect(outcome).toBe("unverified");
    expect(linesOf(folder)).toContain("other");
    expect(eventsOf(events, "stuck.noticed")).toHaveLength(1);
  });

  test("is stopped later where the settings allow more", async () => {
    const { run } = opened({ "limits.maxStuckTurns": 12 });
    const { outcome, events } = await run([...circles.slice(0, 5), { text: "Done." }]);
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "stuck.noticed")).toEqual([]);
  });

  test("is told the same once, by whichever engine takes it up between two turns", async () => {
    const server = await startScriptedServer({ name: "w", turns: circles as never });
    closing.push(() => server.close());
    const plain = opened();
    const file = join(plain.folder, "own.yaml");
    const pack = [
      "pack: own",
      "version: 1",
      "description: for this test",
      "default: allow",
      "rules:",
      "  - id: models",
      "    ask: { operation: chat, private: true }",
      "    reason: A person decides.",
    ];
    writeFileSync(file, pack.join("\n"));
    const settings = {
      "policy.packs": ["own"],
      "policy.files": [file],
      baseUrl: server.baseUrl,
    };
    let made = testEngine(settings, plain.folder);
    closing.push(() => made.engine.close());
    let { runId, outcome }: { runId: string; outcome: string } = await made.run([], {
      model: "openai-compatible:w",
    });
    while (outcome === "parked") {
      const [question] = made.engine.store.approvals.list({ state: "pending" });
      await made.engine.decideApproval(question!.id, "approved");
      await made.engine.close();
      made = testEngine(settings, plain.folder);
      ({ outcome } = await made.engine.runs.resume(runId));
    }
    const events = made.engine.store.runLog.read(runId);
    expect(eventsOf(events, "run.parked")).toHaveLength(7);
    expect(eventsOf(events, "stuck.noticed").map(({ turns }) => turns)).toEqual([3, 4, 5]);
    expect(events.at(-1)).toMatchObject({ stop: { reason: "stuck", turns: 6 } });
    const warnings = server.requests.map(
      ({ body }) => JSON.stringify(body).split("goes in circles").length - 1,
    );
    expect(warnings).toEqual([0, 0, 0, 1, 2, 3, 4]);
  });
});
