import { existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { probed, titleOf } from "../../src/sandbox/bwrap.fixture.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { startOpenAiServer } from "../support/openai-server.ts";
import { startScriptedServer } from "../support/scripted-server.ts";
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

const append = (line: string) => ({ name: "append_line", arguments: { path: "notes.txt", line } });
const textOf = (folder: string): string => readFileSync(join(folder, "notes.txt"), "utf8");

/** An engine under a pack that asks or denies as its rules say. */
function under(rules: readonly string[]): TestEngine {
  const plain = opened();
  const file = join(plain.folder, "own.yaml");
  const head = [
    "pack: own",
    "version: 1",
    "description: for this test",
    "default: allow",
    "rules:",
  ];
  writeFileSync(file, [...head, ...rules].join("\n"));
  return opened({ "policy.packs": ["own"], "policy.files": [file] }, plain.folder);
}
const asks = (id: string, match: string) => [
  `  - id: ${id}`,
  `    ask: ${match}`,
  "    reason: A person decides.",
];

describe("a resumed run", () => {
  test("keeps the policy that it was started under, whatever the settings say by then", async () => {
    const first = under(asks("writes", '{ connector: "tool:workspace" }'));
    const { runId, outcome } = await first.run([
      { tool_calls: [append("x")] },
      { text: "Then not." },
    ]);
    expect(outcome).toBe("parked");
    const [question] = first.engine.store.approvals.list();
    await first.engine.decideApproval(question!.id, "denied");
    const later = opened({}, first.folder);
    expect(await later.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    expect(eventsOf(later.engine.store.runLog.read(runId), "tool.completed")[0]).toMatchObject({
      error: { code: "boundary.approval_denied" },
    });
    expect(() => textOf(first.folder)).toThrow();
  });

  test("is not lost when something that it needs is missing for a while", async () => {
    const made = under(asks("writes", '{ connector: "tool:workspace" }'));
    const { runId } = await made.run([{ tool_calls: [append("x")] }, { text: "Done." }]);
    const [question] = made.engine.store.approvals.list();
    await made.engine.decideApproval(question!.id, "approved");
    renameSync(join(made.folder, "script-1.yaml"), join(made.folder, "away.yaml"));
    await expect(made.engine.runs.resume(runId)).rejects.toMatchObject({
      code: "models.unreadable_script",
    });
    expect(made.engine.store.runs.get(runId)).toMatchObject({ state: "parked" });
    renameSync(join(made.folder, "away.yaml"), join(made.folder, "script-1.yaml"));
    expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    expect(textOf(made.folder)).toBe("x\n");
  });

  test("goes on where it was when the engine was closed in the middle of a model call", async () => {
    const script = { name: "w", turns: [{ text: "Done." }] };
    const server = await startScriptedServer(script, { faults: ["hang"] });
    closing.push(() => server.close());
    const first = testEngine({ baseUrl: server.baseUrl });
    const running = first
      .run([], { model: "openai-compatible:w" })
      .catch((error: unknown) => error);
    await expect.poll(() => server.requests.length).toBe(1);
    await first.engine.close();
    await running;
    const later = opened({ baseUrl: server.baseUrl }, first.folder);
    const { items } = later.engine.store.runs.list();
    expect(await later.engine.runs.resume(items[0]!.id)).toMatchObject({ outcome: "unverified" });
    const types = later.engine.store.runLog.read(items[0]!.id).map((event) => event.type);
    expect(types).not.toContain("turn.failed");
  });

  test("cannot be driven twice in one process", async () => {
    const made = opened();
    const runId = await made.engine.runs.create({
      task: { kind: "text", text: "Do it.", workspace: made.folder },
      model: made.script([{ tool_calls: [append("once")] }, { text: "Done." }]),
      effort: undefined,
      mcpCommands: [],
    });
    const both = await Promise.allSettled([
      made.engine.runs.drive(runId),
      made.engine.runs.drive(runId),
    ]);
    expect(both[0]).toMatchObject({ status: "fulfilled", value: { outcome: "unverified" } });
    expect(both[1]).toMatchObject({ status: "rejected", reason: { code: "durable.run_active" } });
    expect(textOf(made.folder)).toBe("once\n");
  });
});

describe("questions to a person", () => {
  test("about the model park the run, and the answer lets it go on", async () => {
    const made = under(asks("models", "{ operation: chat }"));
    const { runId, outcome } = await made.run([{ text: "Done." }]);
    expect(outcome).toBe("parked");
    const [question] = made.engine.store.approvals.list({ state: "pending" });
    await made.engine.decideApproval(question!.id, "approved");
    expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
  });

  test("about starting a server park the run before it begins", async () => {
    const made = under(asks("servers", "{ operation: session/open }"));
    const server = join(import.meta.dirname, "../../node_modules/.bin/mcp-server-filesystem");
    const { runId, outcome } = await made.run([{ text: "Done." }], {
      mcpCommands: [`${server} ${made.folder}`],
    });
    expect(outcome).toBe("parked");
    const [question] = made.engine.store.approvals.list({ state: "pending" });
    await made.engine.decideApproval(question!.id, "approved");
    expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
  });

  test("about two equal calls of one turn are two questions", async () => {
    const made = under(asks("writes", '{ connector: "tool:workspace" }'));
    const { runId } = await made.run([
      { tool_calls: [append("same"), append("same")] },
      { text: "Done." },
    ]);
    for (let round = 0; round < 2; round += 1) {
      for (const question of made.engine.store.approvals.list({ state: "pending" })) {
        await made.engine.decideApproval(question.id, "approved");
      }
      await made.engine.runs.resume(runId);
    }
    expect(made.engine.store.runs.get(runId)).toMatchObject({ outcome: "unverified" });
    expect(textOf(made.folder)).toBe("same\nsame\n");
  });
});

describe("ending a run that waits", () => {
  test("by a cancel closes its book at once", async () => {
    const made = under(asks("writes", '{ connector: "tool:workspace" }'));
    const { runId } = await made.run([{ tool_calls: [append("x")] }, { text: "Done." }]);
    made.engine.runs.cancel(runId);
    expect(made.engine.store.runs.get(runId)).toMatchObject({
      state: "finished",
      outcome: "cancelled",
    });
    expect(made.engine.store.runLog.read(runId).at(-1)).toMatchObject({
      type: "run.finished",
      outcome: "cancelled",
    });
    await expect(made.engine.runs.drive(runId)).rejects.toMatchObject({
      code: "engine.run_finished",
    });
  });

  test("by a no to its server ends it instead of asking for ever", async () => {
    const made = under(asks("servers", "{ operation: session/open }"));
    const server = join(import.meta.dirname, "../../node_modules/.bin/mcp-server-filesystem");
    const { runId } = await made.run([{ text: "Done." }], {
      mcpCommands: [`${server} ${made.folder}`],
    });
    const [question] = made.engine.store.approvals.list({ state: "pending" });
    await made.engine.decideApproval(question!.id, "denied");
    expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "failed" });
    expect(made.engine.store.runLog.read(runId).at(-1)).toMatchObject({
      stop: { reason: "denied" },
    });
  });

  test("a question shows all of the arguments, and too many are not asked about", async () => {
    const made = under(asks("writes", '{ connector: "tool:workspace" }'));
    const tail = "the tail that matters";
    await made.run([{ tool_calls: [append(`${"q".repeat(30_000)} ${tail}`)] }]);
    const [question] = made.engine.store.approvals.list({ state: "pending" });
    expect(question?.summary).toContain(tail);
    const huge = await made.run([
      {
        tool_calls: [
          { name: "append_line", arguments: { path: "a".repeat(900), line: '"'.repeat(40_000) } },
        ],
      },
      { text: "Done." },
    ]);
    expect(eventsOf(huge.events, "tool.completed")[0]).toMatchObject({
      error: { code: "boundary.approval_denied" },
    });
  });
});

describe("the shell", () => {
  // `npm test` must pass where bubblewrap is missing; the gate installs it and counts a skip as a failure.
  test.skipIf(!probed.available)(
    titleOf(
      "runs a command in the sandbox after a person said yes, and only the workspace changes",
    ),
    async () => {
      const workspace = temporaryFolder("shell");
      const made = opened();
      const command = "echo from the shell > made.txt; echo out > /usr/made.txt; echo done";
      const first = await made.run(
        [{ tool_calls: [{ name: "run_command", arguments: { command } }] }, { text: "Done." }],
        { task: { kind: "text", text: "Make it.", workspace }, shell: true },
      );
      expect(first.outcome).toBe("parked");
      const [question] = made.engine.store.approvals.list({ state: "pending" });
      expect(question).toMatchObject({
        ruleId: "default/shell-asks",
        summary: expect.stringContaining(command),
      });
      await made.engine.decideApproval(question!.id, "approved");
      expect(await made.engine.runs.resume(first.runId)).toMatchObject({ outcome: "unverified" });
      const [result] = eventsOf(made.engine.store.runLog.read(first.runId), "tool.completed");
      expect(result?.content).toMatch(/Read-only file system/);
      expect(readFileSync(join(workspace, "made.txt"), "utf8")).toBe("from the shell\n");
      expect(existsSync("/usr/made.txt")).toBe(false);
    },
  );

  test("is refused where it could change the engine's own files, through a link too", async () => {
    const made = opened();
    const link = join(temporaryFolder("link"), "link");
    symlinkSync(made.folder, link);
    const throughLink = { kind: "text", text: "Do it.", workspace: link } as const;
    await expect(
      made.run([{ text: "Done." }], { task: throughLink, shell: true }),
    ).rejects.toMatchObject({
      code: "engine.data_in_workspace",
    });
    await expect(made.run([{ text: "Done." }], { shell: true })).rejects.toMatchObject({
      code: "engine.data_in_workspace",
    });
  });
});

describe("secrets", () => {
  const secret = `sk-${"a1b2".repeat(8)}`;

  test("reach a tool as they are although the log and the model only see a placeholder", async () => {
    const made = opened();
    const { events } = await made.run([
      { tool_calls: [append(`key=${secret}`)] },
      { text: "Done." },
    ]);
    expect(textOf(made.folder)).toBe(`key=${secret}\n`);
    expect(JSON.stringify(events)).not.toContain(secret);
  });

  test("that belong to this machine cannot be had by writing their name", async () => {
    const made = testEngine({}, undefined, { OPENAI_API_KEY: "machine-key-0123456789" });
    closing.push(() => made.engine.close());
    const { events } = await made.run([
      { tool_calls: [append("steal [secret:OPENAI_API_KEY]")] },
      { text: "Done." },
    ]);
    expect(eventsOf(events, "tool.completed")[0]).toMatchObject({
      isError: true,
      content: expect.stringContaining("Not run"),
    });
    expect(() => textOf(made.folder)).toThrow();
  });

  test("do not stand in the list of runs or in what a run is resumed from", async () => {
    const made = opened();
    const { runId } = await made.run([{ text: "Done." }], {
      task: { kind: "text", text: `Use ${secret}.`, workspace: undefined },
    });
    expect(JSON.stringify(made.engine.store.runs.get(runId))).not.toContain(secret);
  });

  test("do not reach a watcher in pieces either", async () => {
    const server = await startScriptedServer({
      name: "w",
      turns: [{ text: `The key is ${secret} and that is all.` }],
    });
    closing.push(() => server.close());
    const made = opened({ baseUrl: server.baseUrl });
    const runId = await made.engine.runs.create({
      task: { kind: "text", text: "Say it.", workspace: undefined },
      model: "openai-compatible:w",
      effort: undefined,
      mcpCommands: [],
    });
    let told = "";
    made.engine.runs.follow(runId, (event) => {
      if (event.type === "text.delta") told += event.text;
    });
    await made.engine.runs.drive(runId);
    expect(told).toMatch(/^The key is \[secret:api-key:[0-9a-f]{8}\] and that is all\.$/);
  });
});

describe("limits", () => {
  function agentWith(limits: string): { readonly made: TestEngine; readonly agentFile: string } {
    const plain = opened();
    const agentFile = join(plain.folder, "agent.yaml");
    writeFileSync(
      agentFile,
      `name: a\nversion: '1'\nrole: r\ninstructions: i\nlimits: ${limits}\n`,
    );
    return { made: plain, agentFile };
  }

  test("an agent that states one limit changes no other", async () => {
    const { made, agentFile } = agentWith("{ maxSteps: 30 }");
    const asked = opened({ "limits.maxCostMicroUsd": 10_000 }, made.folder);
    const { events } = await asked.run([{ text: "Done." }], { agent: agentFile });
    expect(eventsOf(events, "run.started")[0]?.limits).toMatchObject({
      maxSteps: 30,
      maxCostMicroUsd: 10_000,
      maxTokens: 2_000_000,
    });
  });

  test("a flag wins over the agent's own limit", async () => {
    const { made, agentFile } = agentWith("{ maxSteps: 30 }");
    const asked = opened({ "limits.maxSteps": 2 }, made.folder);
    const { events } = await asked.run([{ text: "Done." }], { agent: agentFile });
    expect(eventsOf(events, "run.started")[0]?.limits).toMatchObject({ maxSteps: 2 });
  });
});

test("a number that JSON can spell and nothing can hold is sent back to the model", async () => {
  const made = opened();
  const { outcome, events } = await made.run([
    {
      tool_calls: [
        { name: "append_line", arguments_text: '{"path": "notes.txt", "line": "x", "n": 1e999}' },
      ],
    },
    { text: "Done." },
  ]);
  expect(outcome).toBe("unverified");
  expect(eventsOf(events, "tool.completed")[0]).toMatchObject({
    error: { code: "tools.malformed_arguments" },
  });
});

test("an answer that was cut off at its length limit is not taken for the end", async () => {
  const server = await startOpenAiServer([
    { kind: "turn", text: "I was going to", finishReason: "length" },
    { kind: "turn", text: "Done." },
  ]);
  closing.push(() => server.close());
  const made = opened({ baseUrl: server.baseUrl });
  const { outcome, events } = await made.run([], { model: "openai-compatible:w" });
  expect(outcome).toBe("unverified");
  expect(eventsOf(events, "turn.completed").map((turn) => turn.finishReason)).toEqual([
    "length",
    "stop",
  ]);
  expect(eventsOf(events, "message.user")[1]?.text).toContain("cut off");
});
