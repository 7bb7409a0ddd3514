import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, resultsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { startHttpServer } from "../support/mcp-servers/http-server.ts";
import { temporaryFolder } from "../support/temporary.ts";

const script = join(import.meta.dirname, "../support/mcp-servers/asks-people.mjs");
const calls = (...names: readonly string[]) => ({
  tool_calls: names.map((name) => ({ name: `books__${name}`, arguments: {} })),
});
const done = { text: "Done." };
const safe = { effect: "write", repeat: "safe" };

interface Books extends TestEngine {
  /** What the server has done so far, over all of its lives. */
  did(): readonly string[];
  readonly file: string;
}

/** An engine with the server `books`, which asks people. */
function books(
  tools: Readonly<Record<string, JsonValue>>,
  settings: Readonly<Record<string, JsonValue>> = {},
): Books {
  const folder = temporaryFolder("elicitation");
  const file = join(folder, "done.txt");
  writeFileSync(file, "");
  const server = { command: process.execPath, args: [script, file], tools, confine: false };
  const made = testEngine({ mcpServers: { books: server }, ...settings }, folder);
  onTestFinished(() => made.engine.close());
  return { ...made, file, did: () => readFileSync(file, "utf8").split("\n").filter(Boolean) };
}

const pending = ({ engine }: TestEngine) => engine.store.approvals.list({ state: "pending" });
const contentsIn = ({ engine }: TestEngine, runId: string) =>
  resultsOf(engine.store.runLog.read(runId)).map(({ content }) => content);

describe("a question of a server in a call that may be made again", () => {
  test("parks the run, and its answer reaches the server when the call is made again", async () => {
    const made = books({ book: safe });
    const { engine, did } = made;
    const { runId, outcome, events } = await made.run([calls("book"), done]);
    expect(outcome).toBe("parked");
    const [parked] = eventsOf(events, "run.parked");
    expect(parked).toMatchObject({ ruleId: "mcp/elicitation", toolName: "books__book" });
    expect(parked?.message).toBe('MCP server "books" asks: How many guests?');
    const [question] = pending(made);
    expect(question).toMatchObject({
      id: parked?.approvalId,
      runId,
      summary: 'MCP server "books" asks: How many guests?',
    });
    expect(did()).toEqual(["book begun", "book cancel"]);

    const id = question?.id ?? "";
    await engine.answerQuestion(id, { action: "accept", content: { guests: 4 } });
    expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    expect(did().slice(2)).toEqual(["book begun", "book accept"]);
    expect(contentsIn(made, runId)).toEqual(['[{"action":"accept","content":{"guests":4}}]']);
    // Used up, and forgotten.
    expect(engine.store.approvals.answerOf(id)).toEqual({ state: "consumed", answer: null });
  });

  test("is not asked twice where the call asks more than one", async () => {
    const made = books({ both: safe });
    const { engine } = made;
    const { runId } = await made.run([calls("both"), done]);
    const [first] = pending(made);
    await engine.answerQuestion(first?.id ?? "", { action: "accept", content: { guests: 2 } });
    expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "parked" });
    const [second] = pending(made);
    expect(second?.summary).toContain("Under which name?");
    await engine.answerQuestion(second?.id ?? "", { action: "accept", content: { name: "Ada" } });
    expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    expect(engine.store.approvals.list().map(({ state }) => state)).toEqual([
      "consumed",
      "consumed",
    ]);
    expect(contentsIn(made, runId)[0]).toMatch(/"guests":2.*"name":"Ada"/);
  });

  test.each([
    ["decline", "declined to answer"],
    ["cancel", "dismissed it"],
  ] as const)("can be refused: %s", async (action, words) => {
    const made = books({ book: safe });
    const { runId } = await made.run([calls("book"), done]);
    await made.engine.answerQuestion(pending(made)[0]?.id ?? "", { action });
    expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    expect(contentsIn(made, runId)[0]).toContain(`[{"action":"${action}"}]`);
    expect(contentsIn(made, runId)[0]).toContain(words);
  });

  test("takes only an answer that fits, and says which field does not", async () => {
    const made = books({ book: safe });
    const { engine } = made;
    await made.run([calls("book"), done]);
    const id = pending(made)[0]?.id ?? "";
    const answer = (content: Record<string, JsonValue>) =>
      engine.answerQuestion(id, { action: "accept", content });
    const invalid = (words: string) =>
      expect.objectContaining({
        code: "engine.invalid_answer",
        message: expect.stringContaining(words),
      });
    await expect(answer({ guests: "many" })).rejects.toEqual(invalid("guests must be integer"));
    await expect(answer({})).rejects.toEqual(invalid("guests"));
    await expect(engine.decideApproval(id, "approved")).rejects.toEqual(invalid("guests"));
    expect(pending(made)).toHaveLength(1);
    await answer({ guests: 3 });
    await expect(answer({ guests: 4 })).resolves.toMatchObject({ id });
    expect(engine.store.approvals.answerOf(id)).toMatchObject({
      answer: { content: { guests: 3 } },
    });
  });

  test("leaves what looks like a secret out of the log, whatever the server does with it", async () => {
    const made = books({ login: safe });
    const { engine } = made;
    const { runId } = await made.run([calls("login"), done]);
    const content = { user: "ada", apiToken: "correct-horse-battery" };
    await engine.answerQuestion(pending(made)[0]?.id ?? "", { action: "accept", content });
    await engine.runs.resume(runId);
    const log = JSON.stringify(engine.store.runLog.read(runId));
    expect(log).toContain("[secret:books.apiToken]");
    expect(log).not.toContain("correct-horse-battery");
  });

  test("has its answer forgotten at the end of the run where the call failed", async () => {
    const made = books({ break: safe });
    const { runId } = await made.run([calls("break"), done]);
    const id = pending(made)[0]?.id ?? "";
    await made.engine.answerQuestion(id, { action: "accept", content: { who: "Ada" } });
    expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    expect(contentsIn(made, runId)[0]).toContain("Broken.");
    expect(made.engine.store.approvals.answerOf(id)).toEqual({ state: "approved", answer: null });
  });

  test("is a page to open where the server wants that", async () => {
    const made = books({ terms: safe });
    const { runId } = await made.run([calls("terms"), done]);
    const [question] = pending(made);
    expect(question?.summary).toContain("https://books.example/terms?v=2");
    await made.engine.decideApproval(question?.id ?? "", "approved");
    expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    expect(contentsIn(made, runId)).toEqual(['[{"action":"accept"}]']);
  });
});

describe("approvals answer", () => {
  const asked = async () => {
    const made = books({ book: safe, both: safe });
    const { runId } = await made.run([calls("book"), done]);
    const [question] = pending(made);
    const cli = (...words: readonly string[]) => runInProcess(["approvals", ...words], made.folder);
    return { made, runId, id: question?.id ?? "", cli };
  };

  test("takes the fields that the question is shown with", async () => {
    const { made, runId, id, cli } = await asked();
    const shown = await cli("show", id);
    expect(shown.stdout).toContain(
      'MCP server "books", in the call of book, asks: How many guests?',
    );
    expect(shown.stdout).toContain("guests (integer, required)");
    const answered = await cli("answer", id, "--field", "guests=6", "--json");
    expect(JSON.parse(answered.stdout)).toEqual({ id, runId, state: "answered" });
    await made.engine.runs.resume(runId);
    expect(contentsIn(made, runId)).toEqual(['[{"action":"accept","content":{"guests":6}}]']);
  });

  test.each([
    [["--field", "guests=many"], "engine.invalid_answer", "guests must be integer"],
    [["--field", "gests=3"], "cli.usage", 'Did you mean "guests"?'],
    [["--field", "guests"], "cli.usage", "NAME=VALUE"],
    [["--field", "guests=3", "--decline"], "cli.usage", "different things"],
    [[], "cli.usage", "give --field NAME=VALUE for guests"],
  ])("refuses %j", async (words, code, says) => {
    const { made, id, cli } = await asked();
    const refused = await cli("answer", id, ...words);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(code);
    expect(refused.stderr).toContain(says);
    expect(pending(made)).toHaveLength(1);
  });

  test("asks whoever sits at the terminal", async () => {
    const { made, runId, id } = await asked();
    const prompts = {
      choose: async () => "accept",
      text: async () => "7",
      confirm: async () => true,
    };
    const answered = await runInProcess(["approvals", "answer", id], made.folder, {}, { prompts });
    expect(answered.stdout).toContain(`answered ${id}`);
    await made.engine.runs.resume(runId);
    expect(contentsIn(made, runId)).toEqual(['[{"action":"accept","content":{"guests":7}}]']);
  });

  test("leaves it open for one who gives up", async () => {
    const { made, id } = await asked();
    const prompts = {
      choose: async () => "accept",
      text: async () => undefined,
      confirm: async () => true,
    };
    const left = await runInProcess(["approvals", "answer", id], made.folder, {}, { prompts });
    expect(left.stdout).toContain("stays open");
    expect(pending(made)).toHaveLength(1);
  });

  test("declines", async () => {
    const { id, cli } = await asked();
    expect((await cli("answer", id, "--decline")).stdout).toContain(`declined ${id}; go on with:`);
  });
});

describe("a question of a server in a call that may be made once", () => {
  const held = (callSeconds: number) => books({}, { "mcp.callSeconds": callSeconds });

  test("is held open for a while, and the call goes on with the answer", async () => {
    const made = held(20);
    const running = made.run([calls("book"), done]);
    await expect.poll(() => pending(made).length).toBe(1);
    const [question] = pending(made);
    await made.engine.answerQuestion(question?.id ?? "", {
      action: "accept",
      content: { guests: 5 },
    });
    const { runId, outcome } = await running;
    expect(outcome).toBe("unverified");
    expect(made.did()).toEqual(["book begun", "book accept"]);
    expect(contentsIn(made, runId)).toEqual(['[{"action":"accept","content":{"guests":5}}]']);
  });

  test("is dismissed where nobody answers in time; the call is not made again", async () => {
    const made = held(1);
    const { runId, outcome } = await made.run([calls("book"), done]);
    expect(outcome).toBe("unverified");
    expect(made.did()).toEqual(["book begun", "book cancel"]);
    expect(contentsIn(made, runId)[0]).toContain("How many guests? Nobody answered within 1 s");
    // The question is the server's words: it stands within the marks of what is from outside.
    const [marked] = eventsOf(made.engine.store.runLog.read(runId), "tool.completed");
    expect(marked?.content).toMatch(/Nobody answered[^]*\n--- end of content [0-9a-f]{16} ---$/);
    expect(pending(made)).toEqual([]);
  });

  test("waits for a page that has to be opened first, because nothing was done yet", async () => {
    const made = books({});
    const { engine, file } = made;
    const { runId, outcome } = await made.run([calls("fetch"), done]);
    expect(outcome).toBe("parked");
    const [question] = pending(made);
    expect(question?.summary).toContain("https://books.example/agree");
    writeFileSync(`${file}.agreed`, "");
    await engine.decideApproval(question?.id ?? "", "approved");
    expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    expect(contentsIn(made, runId)).toEqual(["fetched"]);
  });
});

test("a question while several calls are under way is dismissed: nobody knows whose it is", async () => {
  const read = { effect: "read", repeat: "safe" };
  const made = books({ seat: read });
  const { runId, outcome } = await made.run([calls("seat", "seat"), done]);
  expect(outcome).toBe("unverified");
  expect(contentsIn(made, runId).join("\n")).toContain("nobody could tell which it belongs to");
  expect(pending(made)).toEqual([]);
});

test("a yes to the call itself is not used up by a question of its server", async () => {
  const plain = temporaryFolder("elicitation-policy");
  const file = join(plain, "own.yaml");
  const rules = [
    "rules:",
    "  - id: writes",
    '    ask: { operation: "tools/call" }',
    "    reason: x",
  ];
  const head = ["pack: own", "version: 1", "description: for this test", "default: allow"];
  writeFileSync(file, [...head, ...rules].join("\n"));
  const made = books({ book: safe }, { "policy.packs": ["own"], "policy.files": [file] });
  const { engine } = made;
  const { runId } = await made.run([calls("book"), done]);
  await engine.decideApproval(pending(made)[0]?.id ?? "", "approved");
  expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "parked" });
  const [question] = pending(made);
  expect(question?.ruleId).toBe("mcp/elicitation");
  await engine.answerQuestion(question?.id ?? "", { action: "accept", content: { guests: 2 } });
  expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
  expect(engine.store.approvals.list().map(({ state }) => state)).toEqual(["consumed", "consumed"]);
});

test("a server of the newest protocol asks by its answer, and is sent the call again", async () => {
  const complete = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
  const server = await startHttpServer(({ message }) => {
    const answers = message.params?.["inputResponses"];
    switch (message.method ?? "") {
      case "server/discover":
        return { ...complete, supportedVersions: ["2026-07-28"], capabilities: { tools: {} } };
      case "tools/list":
        return { ...complete, tools: [{ name: "book", inputSchema: { type: "object" } }] };
      case "tools/call":
        return answers === undefined
          ? {
              resultType: "input_required",
              requestState: "so far",
              inputRequests: {
                guests: {
                  method: "elicitation/create",
                  params: {
                    mode: "form",
                    message: "How many guests?",
                    requestedSchema: {
                      type: "object",
                      properties: { guests: { type: "integer" } },
                      required: ["guests"],
                    },
                  },
                },
              },
            }
          : {
              resultType: "complete",
              content: [{ type: "text", text: JSON.stringify(answers) }],
            };
      default:
        return undefined;
    }
  });
  const made = testEngine({ mcpServers: { books: { url: server.url } } });
  onTestFinished(() => made.engine.close());
  const { runId, outcome } = await made.run([calls("book"), done]);
  expect(outcome).toBe("parked");
  const content = { guests: 8 };
  await made.engine.answerQuestion(pending(made)[0]?.id ?? "", { action: "accept", content });
  expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
  expect(contentsIn(made, runId)[0]).toContain(
    '{"guests":{"action":"accept","content":{"guests":8}}}',
  );
  const sent = server.received.filter(({ message }) => message.method === "tools/call");
  expect(sent).toHaveLength(3);
  expect(sent[2]?.message.params).toMatchObject({ requestState: "so far" });
});
