import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import type { StoredEvent } from "../../src/events/event.ts";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { spokenTo } from "../support/spoken-run.ts";
import { taskFolder } from "../support/task-folder.ts";

const open: TestEngine[] = [];
afterEach(async () => {
  for (const made of open.splice(0)) await made.engine.close();
});
function opened(settings: Readonly<Record<string, JsonValue>> = {}, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  open.push(made);
  return made;
}

const append = (line: string) => ({
  name: "append_line",
  arguments: { path: "notes.txt", line },
});
const done = { text: "Done." };

/** The conversation as the log has it, in short. */
const lines = (events: readonly StoredEvent[]): readonly string[] =>
  events.flatMap((event) => {
    if (event.type === "message.user") return [`${event.from ?? "task"}: ${event.text}`];
    if (event.type === "message.undelivered") return [`unread ${event.from}: ${event.text}`];
    if (event.type === "turn.completed") return [`turn ${event.turn}`];
    if (event.type === "tool.completed") {
      return [`${event.turn}.${event.index} ${event.error?.code ?? "ran"}`];
    }
    return event.type === "check.completed" || event.type === "agent.stopped" ? [event.type] : [];
  });

describe("a person who steers", () => {
  test("is heard after the call that runs; the turn's others are not run and say why", async () => {
    const made = opened();
    const { events } = await spokenTo(
      made,
      [{ tool_calls: [append("a"), append("b"), append("c")] }, done],
      (event, say) => {
        if (event.type === "tool.started" && event.index === 1) say("No more of these.");
      },
    );
    expect(lines(events)).toEqual([
      "task: Do it.",
      "turn 1",
      "1.0 ran",
      "1.1 ran",
      "1.2 agents.person_spoke",
      "steering: No more of these.",
      "turn 2",
      "agent.stopped",
    ]);
    expect(readFileSync(join(made.folder, "notes.txt"), "utf8")).toBe("a\nb\n");
  });

  test("while the model thinks keeps all of its calls from being run", async () => {
    const made = opened();
    const { events } = await spokenTo(
      made,
      [{ tool_calls: [append("a"), append("b")] }, done],
      (event, say) => {
        if (event.type !== "turn.started" || event.turn !== 1) return;
        say("Wait.");
        say("Look first.");
      },
    );
    expect(lines(events).slice(1, 6)).toEqual([
      "turn 1",
      "1.0 agents.person_spoke",
      "1.1 agents.person_spoke",
      "steering: Wait.",
      "steering: Look first.",
    ]);
    expect(existsSync(join(made.folder, "notes.txt"))).toBe(false);
  });

  test("lets reads that run side by side finish", async () => {
    const made = opened({ "sandbox.javascript": true });
    const look = { name: "run_javascript", arguments: { code: "1 + 1" } };
    const { events } = await spokenTo(
      made,
      [{ tool_calls: [look, look, append("a")] }, done],
      (event, say) => {
        if (event.type === "tool.started" && event.index === 0) say("Enough.");
      },
    );
    expect(lines(events).slice(2, 6).toSorted()).toEqual([
      "1.0 ran",
      "1.1 ran",
      "1.2 agents.person_spoke",
      "steering: Enough.",
    ]);
  });

  test("during the last turn makes the agent go on", async () => {
    const { events } = await spokenTo(opened(), [done, done], (event, say) => {
      if (event.type === "turn.started" && event.turn === 1) say("One more thing.");
    });
    expect(lines(events)).toEqual([
      "task: Do it.",
      "turn 1",
      "steering: One more thing.",
      "turn 2",
      "agent.stopped",
    ]);
  });

  test("during the check makes the agent go on, and it is checked again", async () => {
    const task = taskFolder({ turns: [done, done], check: ["true"] });
    const { events, outcome } = await spokenTo(
      opened(),
      [],
      (event, say) => {
        if (event.type === "turn.completed" && event.turn === 1) say("One more thing.");
      },
      task,
    );
    expect(lines(events).slice(1)).toEqual([
      "turn 1",
      "check.completed",
      "steering: One more thing.",
      "turn 2",
      "check.completed",
      "agent.stopped",
    ]);
    expect(outcome).toBe("verified");
  });

  test("at the step limit is read in the closing turn", async () => {
    const made = opened({ "limits.maxSteps": 1 });
    const { events } = await spokenTo(made, [{ tool_calls: [append("a")] }, done], (event, say) => {
      if (event.type === "tool.started") say("Stop.");
    });
    expect(lines(events).slice(2)).toEqual([
      "1.0 ran",
      "steering: Stop.",
      "turn 2",
      "agent.stopped",
    ]);
    expect(events.at(-1)).toMatchObject({ stop: { reason: "limit", limit: "steps" } });
  });

  test("is not heard with a secret in their words", async () => {
    const secret = `sk-${"a1b2".repeat(8)}`;
    const made = opened();
    const { events, runId } = await spokenTo(made, [done, done], (event, say) => {
      if (event.type === "turn.started" && event.turn === 1) say(`Use ${secret}.`);
    });
    expect(lines(events)[2]).toContain("[secret:api-key:");
    const kept = made.engine.store.transactions.transaction((sql) =>
      sql.all("SELECT payload FROM durable_messages WHERE run_id = ?", runId),
    );
    expect(JSON.stringify(kept)).not.toContain(secret);
  });
});

describe("follow-ups", () => {
  test("are taken one by one when the agent would stop, before its work is checked", async () => {
    const task = taskFolder({
      turns: [{ tool_calls: [append("a")] }, done, done, done],
      check: ["true"],
    });
    const { events } = await spokenTo(
      opened(),
      [],
      (event, say) => {
        if (event.type !== "turn.started" || event.turn !== 1) return;
        say("Then that.", "follow_up");
        say("And then that.", "follow_up");
      },
      task,
    );
    expect(lines(events).slice(1)).toEqual([
      "turn 1",
      "1.0 ran",
      "turn 2",
      "follow_up: Then that.",
      "turn 3",
      "follow_up: And then that.",
      "turn 4",
      "check.completed",
      "agent.stopped",
    ]);
  });

  test("wait while a failed check sends the agent back", async () => {
    const task = taskFolder({ turns: [done, done, done], check: ["false"] });
    const { events } = await spokenTo(
      opened({ "limits.maxChecks": 2 }),
      [],
      (event, say) => {
        if (event.type === "turn.completed" && event.turn === 1) say("Then that.", "follow_up");
      },
      task,
    );
    expect(eventsOf(events, "message.user").map(({ from }) => from)).toEqual([
      undefined,
      "engine",
      "follow_up",
    ]);
    expect(lines(events).filter((line) => !line.startsWith("engine"))).toEqual([
      "task: Do it.",
      "turn 1",
      "check.completed",
      "turn 2",
      "follow_up: Then that.",
      "turn 3",
      "check.completed",
      "agent.stopped",
    ]);
  });
});

describe("what comes too late", () => {
  test("for the last look is in the log as unread, and its sender can learn it", async () => {
    const made = opened();
    const task = taskFolder({ turns: [done], check: ["true"] });
    const { events, runId } = await spokenTo(
      made,
      [],
      (event, say) => {
        if (event.type === "check.completed") say("Wait!");
      },
      task,
    );
    expect(lines(events).slice(2)).toEqual([
      "check.completed",
      "unread steering: Wait!",
      "agent.stopped",
    ]);
    const [{ key } = { key: "" }] = eventsOf(events, "message.undelivered");
    expect(made.engine.runs.fateOf({ runId, key })).toBe("undelivered");
  });

  test("for the agent is refused, and after the run too", async () => {
    const made = opened();
    let refused: unknown;
    const { runId } = await spokenTo(made, [done], (event, say) => {
      try {
        if (event.type === "agent.stopped") say("Wait!");
      } catch (error) {
        refused = error;
      }
    });
    expect(refused).toMatchObject({ code: "engine.agent_stopped" });
    expect(() => made.engine.runs.send(runId, "Wait!", "steering")).toThrow(
      expect.objectContaining({ code: "engine.run_finished" }),
    );
  });

  test("for a cancelled run is in its log as unread", async () => {
    const made = opened();
    const runId = await made.engine.runs.create({
      task: { kind: "text", text: "Do it.", workspace: made.folder },
      model: made.script([done]),
      effort: undefined,
      mcpCommands: [],
    });
    const sent = made.engine.runs.send(runId, "Then that.", "follow_up");
    expect(made.engine.runs.fateOf(sent)).toBe("kept");
    made.engine.runs.cancel(runId);
    expect(made.engine.runs.fateOf(sent)).toBe("undelivered");
    expect(made.engine.store.runLog.read(runId).at(-1)).toMatchObject({ outcome: "cancelled" });
  });
});

describe("a run that is parked", () => {
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

  test("keeps what is sent by another process and reads it when it goes on", async () => {
    const { folder } = opened();
    const path = join(folder, "careful.yaml");
    writeFileSync(path, pack);
    const made = opened({ "policy.packs": ["careful"], "policy.files": [path] }, folder);
    const { engine } = made;
    const spoken = await spokenTo(
      made,
      [{ tool_calls: [append("a"), append("b")] }, done],
      (event, say) => {
        if (event.type === "turn.started" && event.turn === 1) say("then more", "follow_up");
      },
    );
    expect(spoken.outcome).toBe("parked");
    const { runId } = spoken;
    const words = ["runs", "send", runId, "Only the first.", "--key", "one"];
    const sent = await runInProcess(words, folder);
    expect(sent).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("when the run goes on"),
    });
    await runInProcess(words, folder);
    const [question] = engine.store.approvals.list({ state: "pending" });
    await engine.decideApproval(question?.id ?? "", "approved");
    // The script ends after the steering: the follow-up has no turn to be answered in.
    expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "failed" });
    expect(lines(engine.store.runLog.read(runId)).slice(1, 7)).toEqual([
      "turn 1",
      "1.0 ran",
      "1.1 agents.person_spoke",
      "steering: Only the first.",
      "turn 2",
      "follow_up: then more",
    ]);
    const late = await runInProcess(["runs", "send", runId, "Hello?"], folder);
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining("engine.run_finished") });
    const empty = await runInProcess(["runs", "send", runId, " "], folder);
    expect(empty.stderr).toContain("engine.nothing_said");
  });
});

test("a line that is typed while a run is watched is steering; an empty one is nothing", async () => {
  const { folder, script } = opened();
  const model = script([done, done]);
  let listening = false;
  const { stdout, stderr } = await runInProcess(
    ["run", "Do it.", "--model", model, "--workspace", folder],
    folder,
    {},
    {
      onLine: (handler) => {
        listening = true;
        handler("");
        handler("Look first.");
        return () => {
          listening = false;
        };
      },
    },
  );
  expect(listening).toBe(false);
  expect(stdout.match(/steering {2}Look first\./g)).toHaveLength(1);
  expect(stderr.match(/the agent reads it/g)).toHaveLength(1);
});
