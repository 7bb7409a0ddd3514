import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import type { JsonObject } from "../../src/base/json.ts";
import { runInProcess } from "../support/cli.ts";
import { startHttpServer } from "../support/mcp-servers/http-server.ts";
import { temporaryFolder } from "../support/temporary.ts";

async function folderWithServer(others: JsonObject = {}): Promise<string> {
  const { url } = await startHttpServer();
  const folder = temporaryFolder("mcp-cli");
  const mcpServers = { ...others, one: { url } };
  writeFileSync(join(folder, "agent33.config.yaml"), stringify({ mcpServers }));
  return folder;
}

test("mcp tools shows what servers offer, and mcp pin writes it down", async () => {
  const folder = await folderWithServer();
  const before = await runInProcess(["mcp", "tools"], folder);
  expect(before.stdout).toMatch(
    /one \(protocol \d{4}-\d{2}-\d{2}\)\nTOOL.*\necho +unknown +once +unpinned/,
  );
  expect(existsSync(join(folder, "agent33.lock.yaml"))).toBe(false);
  const pinned = await runInProcess(["mcp", "pin", "one"], folder);
  expect(pinned).toMatchObject({ code: 0, stdout: expect.stringContaining("review it") });
  const after = await runInProcess(["mcp", "tools", "--json"], folder);
  expect(JSON.parse(after.stdout)).toMatchObject({
    items: [{ name: "one", tools: [{ name: "echo", state: "pinned" }], gone: [] }],
  });
});

test("a server that the settings do not have is named, with the one that was probably meant", async () => {
  const folder = await folderWithServer();
  const { code, stderr } = await runInProcess(["mcp", "pin", "on"], folder);
  expect(code).not.toBe(0);
  expect(stderr).toContain("engine.unknown_server");
  expect(stderr).toContain('"one"');
});

test("a server that does not open is said so, and the others are shown and pinned", async () => {
  const folder = await folderWithServer({ bad: { command: "no-such-server" } });
  const shown = await runInProcess(["mcp", "tools"], folder);
  expect(shown.code).toBe(1);
  expect(shown.stdout).toMatch(/\necho +unknown[^]*bad cannot be asked: sandbox.command_not_found/);
  const pinned = await runInProcess(["mcp", "pin", "--json"], folder);
  expect(pinned.code).toBe(1);
  expect(JSON.parse(pinned.stdout)).toMatchObject({
    items: [{ name: "one" }],
    failed: [{ name: "bad", code: "sandbox.command_not_found" }],
  });
  expect(readFileSync(join(folder, "agent33.lock.yaml"), "utf8")).toContain("echo");
});

test("a server that is not confined is said to be so where its tools are reviewed", async () => {
  const script = join(import.meta.dirname, "../support/mcp-servers/looks-around.mjs");
  const free = { command: process.execPath, args: [script], confine: false };
  const { stdout } = await runInProcess(["mcp", "tools", "free"], await folderWithServer({ free }));
  expect(stdout).toContain("note: MCP server free is unconfined: its setting confine is false.");
});
