import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { eventsOf, resultsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { startHttpServer } from "../support/mcp-servers/http-server.ts";
import { temporaryFolder } from "../support/temporary.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function engineWith(mcpServers: JsonValue): TestEngine {
  const made = testEngine({ mcpServers });
  closing.push(() => made.engine.close());
  return made;
}

const ends = ["-e", "console.error('no licence'); process.exit(3)"];
const calls = { tool_calls: [{ name: "good__echo", arguments: { a: 1 } }] };

test("a server of the settings that does not start is left out with a notice, and the rest works", async () => {
  const server = await startHttpServer();
  const { run } = engineWith({
    bad: { command: process.execPath, args: ends },
    good: { url: server.url },
  });
  const { events, outcome } = await run([calls, { text: "Done." }]);
  expect(outcome).toBe("unverified");
  expect(resultsOf(events)).toMatchObject([{ content: '{"a":1}' }]);
  const notices = eventsOf(events, "session.opened")[0]?.notices.join("\n");
  expect(notices).toMatch(/MCP server "bad".*no licence.*left out/);
});

test("so is one whose program is not there, by its name", async () => {
  const server = await startHttpServer();
  const { run } = engineWith({
    bad: { command: "no-such-server" },
    good: { url: server.url },
  });
  const { events, outcome } = await run([calls, { text: "Done." }]);
  expect(outcome).toBe("unverified");
  expect(resultsOf(events)).toMatchObject([{ content: '{"a":1}' }]);
  const { notices } = eventsOf(events, "session.opened")[0] ?? {};
  expect(notices?.join("\n")).toMatch(
    /command_not_found: MCP server "bad".*no-such-server.*left out/,
  );
  expect(notices).toContainEqual(expect.stringMatching(/^MCP server good: No effect is declared/));
});

const servers = join(import.meta.dirname, "../support/mcp-servers");
const program = join(servers, "exits-at-start.mjs");
const asking = join(servers, "asks-people.mjs");

test("a server that was named for this run is missed", async () => {
  const { run } = engineWith({});
  const { events, outcome } = await run([{ text: "Done." }], {
    mcpCommands: [`${process.execPath} ${program}`],
  });
  expect(outcome).toBe("failed");
  expect(JSON.stringify(events.at(-1))).toContain("boundary.transport");
});

test("one that was left out when a run began is not missed when it is taken up again", async () => {
  const { engine, run } = engineWith({
    bad: { command: "no-such-server" },
    worse: { command: process.execPath, args: ends },
    asks: {
      command: process.execPath,
      args: [asking, join(temporaryFolder("left-out"), "done.txt")],
      tools: { book: { effect: "write", repeat: "safe" } },
      confine: false,
    },
  });
  const book = { tool_calls: [{ name: "asks__book", arguments: {} }] };
  const { runId, outcome } = await run([book, { text: "Done." }]);
  expect(outcome).toBe("parked");
  const [question] = engine.store.approvals.list({ state: "pending" });
  await engine.answerQuestion(question?.id ?? "", { action: "decline" });
  expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
});
