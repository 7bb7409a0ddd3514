import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { runInProcess } from "../support/cli.ts";
import { startHttpServer } from "../support/mcp-servers/http-server.ts";
import { temporaryFolder } from "../support/temporary.ts";

async function folderWithServer(): Promise<string> {
  const { url } = await startHttpServer();
  const folder = temporaryFolder("mcp-cli");
  writeFileSync(join(folder, "agent33.config.yaml"), stringify({ mcpServers: { one: { url } } }));
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
