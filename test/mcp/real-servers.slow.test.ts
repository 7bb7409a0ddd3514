import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StdioMcpServer } from "../../src/connectors/mcp/server.ts";
import { childEnvironment } from "../../src/sandbox/child-environment.ts";
import { resultsOf, testEngine } from "../support/engine.ts";
import { governed } from "../support/mcp-servers/http-harness.ts";
import { temporaryFolder } from "../support/temporary.ts";

const modules = resolve(import.meta.dirname, "../../node_modules");

/** A published server, started from where npm put it. */
function published(
  name: string,
  file: string,
  extra: Partial<StdioMcpServer> = {},
): StdioMcpServer {
  return {
    name,
    command: process.execPath,
    args: [join(modules, file)],
    cwd: temporaryFolder(name),
    env: childEnvironment({}),
    tools: {},
    ...extra,
  };
}

const memoryFile = "@modelcontextprotocol/server-memory/dist/index.js";
const everythingFile = "@modelcontextprotocol/server-everything/dist/index.js";
const thinkingFile = "@modelcontextprotocol/server-sequential-thinking/dist/index.js";

type Governed = Awaited<ReturnType<typeof governed>>;

async function textOf(call: ReturnType<Governed["call"]>): Promise<string> {
  const outcome = await call;
  return outcome.ok ? outcome.value.content : outcome.error.message;
}

const entity = (name: string) => ({
  entities: [{ name, entityType: "person", observations: [`${name} likes tea`] }],
});

describe("published servers on pipes", () => {
  test("memory keeps what it was told over a restart of its own", async () => {
    const folder = temporaryFolder("memory");
    const env = childEnvironment({}, { extra: { MEMORY_FILE_PATH: join(folder, "m.jsonl") } });
    const memory = published("memory", memoryFile, { env, cwd: folder });
    const first = await governed(memory);
    expect((await first.call("create_entities", entity("Ada"))).ok).toBe(true);
    await first.handle.close();
    const second = await governed(memory);
    expect(await textOf(second.call("read_graph"))).toContain("Ada likes tea");
  });

  test("sequential-thinking takes a thought", async () => {
    const { call } = await governed(published("thinking", thinkingFile));
    const thought = { thought: "First.", nextThoughtNeeded: false, thoughtNumber: 1 };
    const said = await textOf(call("sequentialthinking", { ...thought, totalThoughts: 1 }));
    expect(JSON.parse(said)).toMatchObject({ thoughtNumber: 1, nextThoughtNeeded: false });
  });

  test("two servers with the same tools are two: each call reaches its own", async () => {
    const folder = temporaryFolder("twins");
    const server = (file: string) => ({
      command: process.execPath,
      args: [join(modules, memoryFile)],
      env: { MEMORY_FILE_PATH: join(folder, file) },
      writable: [folder],
    });
    const { engine, run } = testEngine({
      mcpServers: { left: server("left.jsonl"), right: server("right.jsonl") },
    });
    onTestFinished(() => engine.close());
    const tell = (name: string, who: string) => ({
      tool_calls: [{ name: `${name}__create_entities`, arguments: entity(who) }],
    });
    const { events } = await run([tell("left", "Ada"), tell("right", "Bea"), { text: "Done." }]);
    expect(resultsOf(events).map(({ isError }) => isError)).toEqual([false, false]);
    const kept = (file: string) => readFileSync(join(folder, file), "utf8");
    expect(kept("left.jsonl")).toMatch(/Ada/);
    expect(kept("left.jsonl")).not.toMatch(/Bea/);
    expect(kept("right.jsonl")).toMatch(/Bea/);
  });

  test("one that is killed in a call loses that call, and serves the next from a new start", async () => {
    const { call, handle } = await governed(published("all", everythingFile));
    const told: string[] = [];
    const long = call(
      "trigger-long-running-operation",
      { duration: 30, steps: 300 },
      { onProgress: (message) => told.push(message) },
    );
    await expect.poll(() => told.length, { timeout: 5_000 }).toBeGreaterThan(0);
    process.kill(childOf(everythingFile), "SIGKILL");
    expect(await long).toMatchObject({ ok: false, error: { kind: "outcome_unknown" } });
    expect(handle.alive()).toBe(false);
    expect(await textOf(call("echo", { message: "again" }))).toBe("Echo: again");
  });

  test("one that takes too long is told to stop, and works on", async () => {
    const slow = published("all", everythingFile, { callTimeoutMs: 400 });
    const { call } = await governed(slow);
    const outcome = await call("trigger-long-running-operation", { duration: 30, steps: 3 });
    expect(outcome).toMatchObject({ ok: false, error: { kind: "outcome_unknown" } });
    expect(await textOf(call("echo", { message: "still here" }))).toBe("Echo: still here");
  });
});

/** The process of this test that was started with a file. */
function childOf(file: string): number {
  const found = readdirSync("/proc").find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const own = join("/proc", pid);
    if (!existsSync(join(own, "cmdline"))) return false;
    const parent = /^PPid:\s+(?<pid>\d+)$/m.exec(readFileSync(join(own, "status"), "utf8"));
    const isOurs = parent?.groups?.["pid"] === String(process.pid);
    return isOurs && readFileSync(join(own, "cmdline"), "utf8").includes(file);
  });
  if (found === undefined) throw new Error(`no process of ${file}`);
  return Number(found);
}

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) =>
  existsSync(path),
);

describe.runIf(chromium !== undefined)(
  "Playwright's server with Chromium (skipped without it)",
  () => {
    test("opens a page and tells what is on it", async () => {
      const page = createServer((_request, response) => {
        response.setHeader("content-type", "text/html");
        response.end("<title>Ledger</title><h1>All is reconciled</h1>");
      }).listen(0, "127.0.0.1");
      await once(page, "listening");
      onTestFinished(() => void page.close());
      const { port } = page.address() as AddressInfo;
      const options = [
        "--headless",
        "--isolated",
        "--no-sandbox",
        "--executable-path",
        chromium ?? "",
      ];
      const server = published("browser", "@playwright/mcp/cli.js");
      const { call } = await governed({
        ...server,
        args: [...server.args, ...options],
        startTimeoutMs: 30_000,
      });
      const url = `http://127.0.0.1:${port}/`;
      expect(await textOf(call("browser_navigate", { url }))).toContain("Ledger");
      expect(await textOf(call("browser_snapshot"))).toContain("All is reconciled");
      page.closeAllConnections();
    }, 60_000);
  },
);
