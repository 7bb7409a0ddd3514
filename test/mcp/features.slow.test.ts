import { resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StdioMcpServer } from "../../src/connectors/mcp/server.ts";
import { childEnvironment } from "../../src/sandbox/child-environment.ts";
import { eventsOf, resultsOf, testEngine } from "../support/engine.ts";
import { answering } from "../support/mcp-servers/person.ts";
import { governed } from "../support/mcp-servers/http-harness.ts";

const root = resolve(import.meta.dirname, "../..");
const program = resolve(root, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");

/** The reference server that has everything, on pipes. */
const everything: StdioMcpServer = {
  name: "all",
  command: process.execPath,
  args: [program],
  cwd: root,
  env: childEnvironment({}),
  tools: {},
};

const contentOf = (outcome: Awaited<ReturnType<Awaited<ReturnType<typeof governed>>["call"]>>) =>
  outcome.ok ? outcome.value.content : outcome.error.message;

describe("resources and prompts", () => {
  test("are tools that read, under the protocol's own words", async () => {
    const { call, handle } = await governed(everything);
    const names = handle.tools.map(({ name }) => name);
    for (const name of ["list_resources", "read_resource", "list_prompts", "get_prompt"]) {
      expect(names).toContain(`all__${name}`);
    }
    const listed = await call("list_resources");
    expect(listed.record).toMatchObject({ operation: "resources/list", effect: "read" });
    const [line = ""] = contentOf(listed).split("\n");
    const uri = /^(?<uri>\S+): /.exec(line)?.groups?.["uri"] ?? "";
    expect(uri).toMatch(/^demo:\/\//);
    const read = await call("read_resource", { uri });
    expect(read.record).toMatchObject({ operation: "resources/read", effect: "read" });
    expect(contentOf(read)).toContain(`[${uri}`);

    const prompts = contentOf(await call("list_prompts"));
    expect(prompts).toMatch(/^args-prompt <city> \[state\]: /m);
    const prompt = await call("get_prompt", { name: "args-prompt", arguments: { city: "Bern" } });
    expect(contentOf(prompt)).toMatch(/^user: .*Bern/);
    expect(await call("get_prompt", { name: "nothing" })).toMatchObject({
      ok: false,
      error: { kind: "upstream_4xx" },
    });
  });

  test("a tool of the server's own keeps its name", async () => {
    const script = resolve(root, "test/support/mcp-servers/has-documents.mjs");
    const { call } = await governed({ ...everything, args: [script] });
    expect(contentOf(await call("read_resource"))).toBe("mine");
    expect(contentOf(await call("list_resources"))).toBe("There are none.");
  });
});

describe("what a server asks for", () => {
  test("a question to a person is declined where nobody can be asked, and noted", async () => {
    const { call, handle } = await governed(everything);
    const said = contentOf(await call("trigger-elicitation-request"));
    expect(said).toContain("declined");
    expect(said).toMatch(/The server asked a person: .+ Nobody could be asked/);
    expect(contentOf(await call("echo", { message: "x" }))).toBe("Echo: x");
    expect(handle.notices.join("\n")).toMatch(/It asked a person: .+ Nobody could be asked/);
  });

  test("a question to a person reaches whoever can ask one", async () => {
    const { call } = await governed(
      everything,
      {},
      {
        person: answering({ name: "Ada", check: true }),
      },
    );
    expect(contentOf(await call("trigger-elicitation-request"))).toContain("Ada");
  });

  test("progress reaches the caller while the call goes on", async () => {
    const { call } = await governed(everything);
    const told: string[] = [];
    const args = { duration: 0.4, steps: 4 };
    const more = { onProgress: (message: string) => told.push(message) };
    expect((await call("trigger-long-running-operation", args, more)).ok).toBe(true);
    expect(told).toContain("2 of 4");
  });

  test("log messages are kept", async () => {
    const { call, handle } = await governed(everything);
    await call("toggle-simulated-logging");
    await expect.poll(() => handle.logs().length, { timeout: 8_000 }).toBeGreaterThan(0);
    expect(handle.logs()[0]).toMatch(/^[a-z]+( \S+)?: /);
  }, 10_000);
});

describe("in a run", () => {
  const opened = (settings: Parameters<typeof testEngine>[0]) => {
    const made = testEngine(settings);
    onTestFinished(() => made.engine.close());
    return made;
  };
  const mcpServers = (sampling: boolean) => ({
    all: { command: process.execPath, args: [program], sampling },
  });
  // A script answers by the number of turns that it sees: the server's request sees none.
  const asks = {
    text: "Sampled words.",
    tool_calls: [
      { name: "all__trigger-sampling-request", arguments: { prompt: "Say it.", maxTokens: 50 } },
    ],
  };

  test("a server that may ask the run's model does, in a governed call of the run", async () => {
    const { engine, run } = opened({ mcpServers: mcpServers(true) });
    const { events, runId } = await run([asks, { text: "Done." }]);
    expect(resultsOf(events)[0]?.content).toContain("Sampled words.");
    await engine.audit.flush();
    const calls = engine.store.audit.list({ runId }).items.map(({ record }) => record);
    const models = calls.filter((call) => JSON.stringify(call).includes('"model:scripted"'));
    expect(models).toHaveLength(3);
  });

  test("what a server spent on the model is in the log, and in the totals of the run", async () => {
    const { run } = opened({ mcpServers: mcpServers(true) });
    const { events } = await run([asks, { text: "Done." }]);
    const [sampled] = eventsOf(events, "sampling.completed");
    expect(sampled).toMatchObject({ server: "all", usage: { outputTokens: expect.any(Number) } });
    const spent = [...eventsOf(events, "turn.completed"), ...(sampled ? [sampled] : [])];
    const sum = spent.reduce((tokens, { usage }) => tokens + usage.outputTokens, 0);
    expect(sampled?.usage.outputTokens).toBeGreaterThan(0);
    expect(eventsOf(events, "run.finished")[0]?.totals).toMatchObject({
      turns: 2,
      outputTokens: sum,
    });
  });

  test("one that may not is not offered a model", async () => {
    const { run } = opened({ mcpServers: mcpServers(false) });
    const { events } = await run([{ text: "Done." }]);
    const names = eventsOf(events, "session.opened")[0]?.tools.map(({ name }) => name) ?? [];
    expect(names).toContain("all__echo");
    expect(names).not.toContain("all__trigger-sampling-request");
  });

  test("a server on this machine is told the workspace", async () => {
    const made = opened({ mcpServers: mcpServers(false) });
    const list = { tool_calls: [{ name: "all__get-roots-list", arguments: {} }] };
    const { events } = await made.run([list, { text: "Done." }]);
    expect(resultsOf(events)[0]?.content).toContain(`file://${made.folder}`);
  });
});
