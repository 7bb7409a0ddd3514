import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import type { Signal } from "../../src/learning/signal.ts";
import { projectRoot } from "../support/cli.ts";
import { type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";
import { describePostgres, freshStore } from "../support/postgres-tests.ts";
import { temporaryFolder } from "../support/temporary.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function opened(settings: Readonly<Record<string, JsonValue>> = {}, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  closing.push(() => made.engine.close());
  return made;
}

async function signalsOf({ engine }: TestEngine): Promise<readonly Signal[]> {
  const rows = await engine.learning.rows();
  return (await rows.signals.list({ limit: 1000 })).items.toReversed();
}

/** The signals once all that has run was learned from. */
async function learned(made: TestEngine): Promise<readonly Signal[]> {
  await made.engine.learning.catchUp();
  return signalsOf(made);
}

const append = (line: string) => ({ name: "append_line", arguments: { path: "notes.txt", line } });
const badCall = { name: "no_such_tool", arguments: {} };
const oneFailure: readonly ScriptedTurn[] = [{ tool_calls: [badCall] }, { text: "Done." }];

/** An engine under a pack with these rules. */
function under(rules: readonly string[]): TestEngine {
  const folder = temporaryFolder("observe");
  const head = "pack: own\nversion: 1\ndescription: for this test\ndefault: allow\nrules:\n";
  writeFileSync(join(folder, "own.yaml"), `${head}${rules.join("\n")}\n`);
  const settings = { "policy.packs": ["own"], "policy.files": [join(folder, "own.yaml")] };
  return opened(settings, folder);
}

/** A task folder whose hidden tests say no. */
function refutedTask(folder: string): string {
  const files: Readonly<Record<string, string>> = {
    "task.toml": 'version = "1.0"\n',
    "instruction.md": "Write the total into total.txt.",
    "environment/Dockerfile": "FROM x\nWORKDIR /app\n",
    "tests/test.sh": "echo 'total.txt is missing'\necho 0 > $AGENT33_LOGS_DIR/reward.txt\n",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, "task", path, ".."), { recursive: true });
    writeFileSync(join(folder, "task", path), text);
  }
  return join(folder, "task");
}

/** What a crash between the signals and the mark leaves behind. */
function forgetMarks({ folder }: TestEngine): void {
  const database = new DatabaseSync(join(folder, ".agent33/agent33.db"));
  database.exec("DELETE FROM learned_runs");
  database.close();
}

describe("what a run teaches", () => {
  test("a tool of a server that answers with an error is a small bug that names tool and run", async () => {
    const made = opened();
    const server = join(projectRoot, "node_modules/.bin/mcp-server-filesystem");
    const call = { name: "filesystem__read_text_file", arguments: { path: "no.txt" } };
    const { runId } = await made.run([{ tool_calls: [call] }, { text: "Then not." }], {
      mcpCommands: [`${server} ${made.folder}`],
    });
    expect(await learned(made)).toMatchObject([
      {
        type: "bug",
        severity: "low",
        source: "engine:tool",
        summary: expect.stringContaining(call.name),
        details: expect.stringContaining("ENOENT"),
        context: { run: runId, tool: call.name },
        occurrences: 1,
      },
    ]);
  });

  test("a server that fails in itself is an incident", async () => {
    const made = opened();
    const server = join(projectRoot, "test/support/mcp-servers/misbehaves-in-calls.mjs");
    const call = { name: "misbehaves-in-calls__internal_error", arguments: {} };
    await made.run([{ tool_calls: [call] }, { text: "Then not." }], {
      mcpCommands: [`${process.execPath} ${server}`],
    });
    expect(await learned(made)).toMatchObject([
      {
        type: "incident",
        severity: "medium",
        source: "engine:boundary",
        details: expect.stringContaining("the database is down"),
        context: { tool: call.name, code: "boundary.upstream_5xx" },
      },
    ]);
  });

  test("a policy's denial is a matter of security that names the rule", async () => {
    const made = under([
      "  - id: no-writing",
      '    deny: { connector: "tool:workspace" }',
      "    reason: Nothing is written here.",
    ]);
    const { outcome } = await made.run([{ tool_calls: [append("x")] }, { text: "Then not." }]);
    expect(outcome).toBe("unverified");
    expect(await learned(made)).toMatchObject([
      {
        type: "security",
        severity: "medium",
        source: "engine:policy",
        context: { tool: "append_line", rule: "own/no-writing" },
      },
    ]);
  });

  test("a limit that ends a run is told, and so is that the run failed", async () => {
    const made = opened({ "limits.maxSteps": 2 });
    const again = { tool_calls: [append("again")] };
    await made.run([again, again, again, again]);
    expect(await learned(made)).toMatchObject([
      { type: "process", source: "engine:limits", context: { limit: "steps", allowed: "2" } },
      { type: "incident", severity: "high", source: "engine:run", context: { stop: "limit" } },
    ]);
  });

  test("a refuted run is a grave bug, and has an intake at once", async () => {
    const made = opened();
    const path = refutedTask(made.folder);
    const { outcome, runId } = await made.run([{ text: "I wrote the total. Done." }], {
      task: { kind: "folder", path, environment: "host" },
    });
    expect(outcome).toBe("refuted");
    const [signal, ...others] = await learned(made);
    expect(others).toEqual([]);
    expect(signal).toMatchObject({
      type: "bug",
      severity: "high",
      source: "engine:verifier",
      context: { run: runId },
    });
    const rows = await made.engine.learning.rows();
    expect((await rows.intakes.list()).items).toMatchObject([
      {
        id: signal?.intakeId,
        automatic: true,
        signalIds: [signal?.id],
        disposition: { state: "submitted" },
        classification: { urgency: "high", category: "learning:bug" },
      },
    ]);
  });

  test("a run in which nothing went wrong teaches nothing", async () => {
    const made = opened();
    await made.run([{ tool_calls: [append("x")] }, { text: "Done." }]);
    expect(await learned(made)).toEqual([]);
    expect(made.engine.store.learnedRuns.behind(10)).toEqual([]);
  });

  test("the same failure in two runs is one signal that was seen twice", async () => {
    const made = opened();
    await made.run(oneFailure);
    await made.run(oneFailure);
    expect(await learned(made)).toMatchObject([{ occurrences: 2 }]);
  });

  test("nothing is recorded where the settings say so", async () => {
    const made = opened({ "learning.enabled": false });
    await made.run(oneFailure);
    expect(await made.engine.learning.catchUp()).toBe(0);
    expect(await signalsOf(made)).toEqual([]);
  });

  test("a summary that hiding secrets makes too long is cut, and says so", async () => {
    const made = opened();
    const keys = Array.from({ length: 20 }, (_, index) => `AKIA${String(index).padStart(16, "0")}`);
    const summary = keys.join(" ").padEnd(500, " x");
    const { signal } = await made.engine.learning.record({
      type: "security",
      severity: "critical",
      summary,
      details: `${keys.join(" ")} `.repeat(47),
      context: { keys: `${keys.join(" ")} `.repeat(9) },
    });
    expect(signal.summary).toMatch(/^(\[secret:aws-key:[0-9a-f]{8}\] ){19}.*…$/);
    expect(signal.summary).toHaveLength(500);
    expect(signal.details).toHaveLength(20_000);
    expect(signal.context["keys"]).toHaveLength(4000);
    expect(await signalsOf(made)).toEqual([signal]);
    expect(JSON.stringify(signal)).not.toContain("AKIA");
  });

  test("a secret that a tool gave away is not in the signal", async () => {
    const made = opened();
    const secret = `sk-${"a1b2".repeat(8)}`;
    await made.run([
      { tool_calls: [{ name: `leak ${secret}`, arguments: {} }] },
      { text: "Done." },
    ]);
    const told = JSON.stringify(await learned(made));
    expect(told).toContain("[secret:api-key:");
    expect(told).not.toContain(secret);
  });
});

describe("a log that is read again", () => {
  test("gives each signal once, when the process ended before the mark", async () => {
    const made = opened();
    await made.run(oneFailure);
    const before = await learned(made);
    forgetMarks(made);
    expect(await made.engine.learning.catchUp()).toBe(1);
    expect(await signalsOf(made)).toEqual(before);
    expect(before).toMatchObject([{ occurrences: 1 }]);
    expect(made.engine.store.signalCounts.checkCounts()).toEqual([]);
  });

  test("gives each signal once, when several processes read it at the same time", async () => {
    const first = opened();
    await first.run(oneFailure);
    await first.run([{ tool_calls: [badCall, badCall] }, { text: "Done." }]);
    const before = await learned(first);
    const others = [opened({}, first.folder), opened({}, first.folder)];
    forgetMarks(first);
    await Promise.all([first, ...others].map(({ engine }) => engine.learning.catchUp()));
    expect(await signalsOf(first)).toEqual(before);
    expect(before).toMatchObject([{ occurrences: 3 }]);
    expect(first.engine.store.signalCounts.checkCounts()).toEqual([]);
  });

  test("gives what a process that died kept back, when somebody looks next", async () => {
    const first = opened({ "learning.enabled": false });
    await first.run(oneFailure);
    const later = opened({}, first.folder);
    expect(await signalsOf(later)).toEqual([]);
    expect(await learned(later)).toMatchObject([{ source: "engine:tool", occurrences: 1 }]);
    expect(await later.engine.learning.catchUp()).toBe(0);
  });

  test("is read on from where a parked run stood, so that each stretch counts once", async () => {
    const made = under([
      "  - id: writes",
      '    ask: { connector: "tool:workspace" }',
      "    reason: A person decides.",
    ]);
    const { runId, outcome } = await made.run([
      { tool_calls: [badCall] },
      { tool_calls: [append("x")] },
      { text: "Then not." },
    ]);
    expect(outcome).toBe("parked");
    // A question may wait for days: what the run taught until then is there without being asked for.
    await vi.waitFor(async () => expect(await signalsOf(made)).toHaveLength(1));
    expect(await learned(made)).toMatchObject([{ source: "engine:tool" }]);
    const [question] = made.engine.store.approvals.list({ state: "pending" });
    await made.engine.decideApproval(question!.id, "denied");
    await made.engine.runs.resume(runId);
    expect(await learned(made)).toMatchObject([
      { source: "engine:tool", occurrences: 1 },
      { type: "feedback", source: "engine:approvals", occurrences: 1 },
    ]);
  });
});

/** What is written to standard error while a test runs. */
function heard(): readonly string[] {
  const said: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  return said;
}
beforeEach(() => {
  vi.restoreAllMocks();
});

describe("a team's store that cannot be reached", () => {
  test("leaves the run as it is, and says so", async () => {
    const said = heard();
    const made = testEngine({ "learning.store": "postgres://127.0.0.1:1/x" });
    const { runId, outcome, events } = await made.run(oneFailure);
    await made.engine.close();
    expect(outcome).toBe("unverified");
    expect(events.at(-1)?.type).toBe("run.finished");
    expect(said.join("")).toMatch(
      new RegExp(
        `^warning: What run ${runId} teaches could not be recorded: store\\.unreachable: `,
      ),
    );
    const later = opened({}, made.folder);
    expect(await learned(later)).toMatchObject([
      { source: "engine:tool", context: { run: runId } },
    ]);
  });

  test("keeps nothing else from being closed", async () => {
    const { engine } = testEngine({ "learning.store": "postgres://127.0.0.1:1/x" });
    const asked = engine.learning.rows();
    const [rows, closed] = await Promise.allSettled([asked, engine.close()]);
    for (const end of [rows, closed]) {
      expect(end).toMatchObject({ status: "rejected", reason: { code: "store.unreachable" } });
    }
    expect(() => engine.store.runs.list()).toThrow(
      expect.objectContaining({ code: "store.closed" }),
    );
  });
});

describePostgres("a team's store", {}, (server) => {
  test("gets what runs taught while it was away, when it is there again", async () => {
    const url = await freshStore(server());
    const made = opened({ "learning.store": url });
    await made.run(oneFailure);
    expect(await learned(made)).toMatchObject([{ occurrences: 1 }]);
    await server().stop("fast");
    const said = heard();
    const away = testEngine({ "learning.store": url }, made.folder);
    expect(await away.run(oneFailure)).toMatchObject({ outcome: "unverified" });
    await away.engine.close();
    expect(said.join("")).toMatch(/could not be recorded: store\.unreachable/);
    await server().start();
    expect(await made.engine.learning.catchUp()).toBe(1);
    expect(await signalsOf(made)).toMatchObject([{ occurrences: 2 }]);
    expect(made.engine.store.signals.list().items).toEqual([]);
  });

  test("has what several machines' runs taught, each once", async () => {
    const url = await freshStore(server());
    const machines = [opened({ "learning.store": url }), opened({ "learning.store": url })];
    await Promise.all(machines.map(({ run }) => run(oneFailure)));
    await Promise.all(machines.map(({ engine }) => engine.learning.catchUp()));
    for (const machine of machines) forgetMarks(machine);
    await Promise.all(machines.map(({ engine }) => engine.learning.catchUp()));
    for (const machine of machines) {
      expect(await signalsOf(machine)).toMatchObject([{ occurrences: 2 }]);
    }
  });
});
