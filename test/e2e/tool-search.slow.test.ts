import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import { freshFolder, startCli } from "../support/cli.ts";
import {
  eventsOf,
  type ScriptedTurn,
  resultsOf,
  type TestEngine,
  testEngine,
} from "../support/engine.ts";
import {
  type Behaviour,
  type OpenAiServer,
  type RecordedRequest,
  startOpenAiServer,
} from "../support/openai-server.ts";
import { startScriptedServer } from "../support/scripted-server.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const script = join(import.meta.dirname, "../support/mcp-servers/many-tools.mjs");
const many = (count = 500) => `${process.execPath} ${script} ${count}`;

function opened(settings: Readonly<Record<string, JsonValue>> = {}, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  closing.push(() => made.engine.close());
  return made;
}

const find = (query: string, limit = 5) => ({ name: "find_tools", arguments: { query, limit } });
const use = (tool: string, number = 7) => ({
  name: `many-tools__${tool}`,
  arguments: { [`${tool.split("_")[1]}_number`]: number },
});

/** The names of the tools that one request to the model offered. */
function offered(request: RecordedRequest | undefined): readonly string[] {
  const tools = request?.body["tools"] as readonly { readonly function: { name: string } }[];
  return tools.map((tool) => tool.function.name);
}

/** A run on a model behind the wire, where it can be seen what it was offered. */
async function wired(
  turns: readonly ScriptedTurn[],
  settings: Readonly<Record<string, JsonValue>> = {},
  count?: number,
) {
  const parsed = turns.map((turn) => ({ ...turn })) as Parameters<
    typeof startScriptedServer
  >[0]["turns"];
  const server = await startScriptedServer({ name: "w", turns: parsed });
  closing.push(() => server.close());
  const made = opened({ baseUrl: server.baseUrl, ...settings });
  const ran = await made.run([], { model: "openai-compatible:w", mcpCommands: [many(count)] });
  return { ...ran, made, requests: server.requests };
}

/** Settings with a pack of one's own. */
function ruled(folder: string, rules: readonly string[], fallback = "allow") {
  const file = join(folder, "own.yaml");
  const head = ["pack: own", "version: 1", "description: own", `default: ${fallback}`, "rules:"];
  writeFileSync(file, [...head, ...rules].join("\n"));
  return { "policy.packs": ["own"], "policy.files": [file] };
}
const rule = (id: string, effect: string, match: string) => [
  `  - id: ${id}`,
  `    ${effect}: ${match}`,
  "    reason: For this test.",
];

/** What the model is shown however many tools there are. */
const first = ["find_tools", "append_line", "update_plan"];

describe("five hundred tools", () => {
  test("stay out of the model's sight until it finds them, and then can be called", async () => {
    const { outcome, events, requests } = await wired([
      { tool_calls: [find("close an invoice", 2)] },
      { tool_calls: [use("close_invoice")] },
      { text: "Done." },
    ]);
    expect(outcome).toBe("unverified");
    expect(requests.map(offered)).toEqual([
      first,
      [...first, "many-tools__close_invoice", expect.stringContaining("close")],
      [...first, "many-tools__close_invoice", expect.stringContaining("close")],
    ]);
    const [searched, called] = resultsOf(events);
    expect(searched?.content).toContain("- many-tools__close_invoice: Makes the ledger close");
    expect(called).toMatchObject({ isError: false, content: 'close_invoice {"invoice_number":7}' });
    expect(eventsOf(events, "session.opened")[0]).toMatchObject({ toFind: 500 });
    expect(eventsOf(events, "session.opened")[0]?.tools).toHaveLength(503);
  });

  // A whole program is started, which on a busy machine takes its time.
  const patience = { timeout: 90_000 };
  test(
    "are the same after the process was killed and another one took the run up",
    patience,
    async () => {
      let hangs = true;
      const turns: readonly Behaviour[] = [
        turnOf(find("close an invoice", 2)),
        turnOf(find("rename a warehouse", 1)),
        turnOf(use("close_invoice")),
        turnOf(use("rename_warehouse")),
        { kind: "turn", text: "Done." },
      ];
      const server: OpenAiServer = await startOpenAiServer(({ body }) => {
        const answered = body.messages.filter(({ role }) => role === "assistant").length;
        if (answered === 3 && hangs) {
          hangs = false;
          return { kind: "hang", at: "start" };
        }
        return turns[answered] ?? { kind: "status", status: 400 };
      });
      closing.push(() => server.close());
      const folder = freshFolder();
      writeFileSync(join(folder, "agent33.config.yaml"), stringify({ baseUrl: server.baseUrl }));
      const running = startCli(
        ["run", "Close it.", "--model", "openai-compatible:w", "--mcp", many(), "--workspace", "."],
        { cwd: folder },
      );
      await running.seen("turn 4");
      await expect.poll(() => server.requests.length, { timeout: 20_000 }).toBe(4);
      running.child.kill("SIGKILL");
      await running.ended;

      const { engine } = opened({ baseUrl: server.baseUrl }, folder);
      const { items } = engine.store.runs.list();
      expect(await engine.runs.resume(items[0]!.id)).toMatchObject({ outcome: "unverified" });
      const lists = server.requests.map(offered);
      expect(lists).toHaveLength(6);
      expect(lists[3]).toHaveLength(6);
      expect(lists[4]).toEqual(lists[3]);
      expect(lists[5]).toEqual(lists[3]);
      const events = engine.store.runLog.read(items[0]!.id);
      expect(eventsOf(events, "session.opened").map(({ toFind }) => toFind)).toEqual([500, 500]);
      expect(eventsOf(events, "tools.activated").map(({ turn }) => turn)).toEqual([1, 2]);
      expect(resultsOf(events).map(({ isError }) => isError)).toEqual(
        Array.from({ length: 4 }, () => false),
      );
    },
  );

  test("that were not found are refused with a hint, and the call reaches nobody", async () => {
    const { run, engine } = opened();
    const { runId, events } = await run(
      [
        { tool_calls: [use("close_invoice")] },
        // Found in the same turn is too late: the model wrote the call without having seen the tool.
        { tool_calls: [find("close an invoice", 1), use("close_invoice")] },
        { tool_calls: [use("close_invoice")] },
        { text: "Done." },
      ],
      { mcpCommands: [many()] },
    );
    const results = resultsOf(events).filter(({ toolName }) => toolName !== "find_tools");
    expect(results.map(({ error }) => error?.code)).toEqual([
      "agents.tool_not_active",
      "agents.tool_not_active",
      undefined,
    ]);
    expect(results[0]?.content).toContain("Call find_tools");
    const { items } = engine.store.audit.list({ runId, limit: 50 });
    const calls = items.filter(({ operation }) => operation === "tools/call");
    expect(calls.map(({ connector }) => connector).sort()).toEqual([
      "mcp:many-tools",
      "tool:search",
    ]);
  });

  test("several searches of one turn all count", async () => {
    const { events, requests } = await wired([
      { tool_calls: [find("close an invoice", 1), find("rename a warehouse", 1)] },
      { text: "Done." },
    ]);
    expect(new Set(offered(requests[1]))).toEqual(
      new Set([...first, "many-tools__close_invoice", "many-tools__rename_warehouse"]),
    );
    expect(eventsOf(events, "tools.activated")).toHaveLength(2);
  });

  test("of which policy denies some outright: those are never found", async () => {
    const { folder } = opened();
    const denies = rule("never", "deny", '{ tool: "many-tools__purge_*" }');
    const { run } = opened(ruled(folder, denies), folder);
    const { events } = await run(
      [{ tool_calls: [find("purge an invoice", 20)] }, { text: "Done." }],
      { mcpCommands: [many()] },
    );
    const [searched] = resultsOf(events);
    expect(searched?.content).toContain("_invoice");
    expect(searched?.content).not.toContain("purge");
  });

  test("of which the agent may use some: only those are found", async () => {
    const { run, folder } = opened({ "tools.search": "always" });
    const agentFile = join(folder, "agent.yaml");
    const agent = { name: "a", version: "1", role: "r", instructions: "i" };
    const tools = ["many-tools__*_invoice*"];
    writeFileSync(agentFile, stringify({ ...agent, tools }));
    const { events } = await run(
      [{ tool_calls: [find("rename the warehouse of an invoice", 20)] }, { text: "Done." }],
      { mcpCommands: [many()], agent: agentFile },
    );
    const [activated] = eventsOf(events, "tools.activated");
    expect(activated?.tools.length).toBeGreaterThan(5);
    for (const { name } of activated?.tools ?? []) expect(name).toContain("_invoice");
  });
});

describe("whether tools have to be found", () => {
  test.each([
    ["few tools fit, and all are shown", {}, 12, 14],
    ["many are all shown where the settings say so", { "tools.search": "never" }, 500, 502],
    ["few have to be found where the settings say so", { "tools.search": "always" }, 12, 3],
    ["the limit is one of tokens", { "tools.searchAboveTokens": 300 }, 12, 3],
  ])("%s", async (_what, settings, count, shown) => {
    const { requests } = await wired([{ text: "Done." }], settings, count);
    expect(offered(requests[0])).toHaveLength(shown);
  });

  test("does not change in a run whose settings do", async () => {
    const { folder } = opened();
    const asks = ruled(folder, rule("asks", "ask", '{ tool: "many-tools__close_invoice" }'));
    const first = opened({ ...asks, "tools.search": "always" }, folder);
    const { runId, outcome } = await first.run(
      [
        { tool_calls: [find("close an invoice", 1)] },
        { tool_calls: [use("close_invoice")] },
        { tool_calls: [use("rename_invoice")] },
        { text: "Done." },
      ],
      { mcpCommands: [many(12)] },
    );
    expect(outcome).toBe("parked");
    const [question] = first.engine.store.approvals.list();
    await first.engine.decideApproval(question!.id, "approved");
    const later = opened({ ...asks, "tools.search": "never" }, folder);
    expect(await later.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
    const results = resultsOf(later.engine.store.runLog.read(runId));
    expect(results.map(({ error }) => error?.code)).toEqual([
      undefined,
      undefined,
      "agents.tool_not_active",
    ]);
  });

  test("is no question where policy denies the search: then all are shown", async () => {
    const { folder } = opened();
    const denies = rule("no-search", "deny", '{ connector: "tool:search" }');
    const { run } = opened({ ...ruled(folder, denies), "tools.search": "always" }, folder);
    const { events } = await run(
      [{ tool_calls: [use("close_invoice"), find("close an invoice")] }, { text: "Done." }],
      { mcpCommands: [many(100)] },
    );
    const results = resultsOf(events);
    expect(results.map(({ error }) => error?.code)).toEqual([undefined, "tools.unknown_tool"]);
    expect(eventsOf(events, "session.opened")[0]?.notices).toContain(
      "All 100 tools of servers are shown, because the policy denies find_tools.",
    );
  });
});

function turnOf(call: { readonly name: string; readonly arguments: object }): Behaviour {
  const argumentsText = JSON.stringify(call.arguments);
  return { kind: "turn", toolCalls: [{ id: `call-${call.name}`, name: call.name, argumentsText }] };
}
