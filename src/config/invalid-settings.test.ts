import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runInProcess } from "../../test/support/cli.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { attempt } from "../base/result.ts";
import { loadConfig } from "./config.ts";

function folderWith(text: string): string {
  const folder = temporaryFolder("invalid-settings");
  writeFileSync(join(folder, "agent33.config.yaml"), text);
  return folder;
}

const errorOf = (cwd: string) => {
  const loaded = attempt(() => loadConfig({ cwd, env: {}, flags: [] }));
  return loaded.ok ? undefined : loaded.error;
};

describe("a connector of the settings that is not valid", () => {
  test.each([
    ["connectors: { x: { kind: htpp } }", 'Did you mean "http"?'],
    ["connectors: { x: { baseUrl: 'https://a.example' } }", "kinds are http, slack,"],
    ["connectors: { x: { kind: http, baseUr: 5 } }", "of the kind http takes baseUrl (needed), "],
    ["connectors: { x: { kind: http, baseUr: 5 } }", "`agent33 connectors add http NAME`"],
    ["connectors: { x: { kind: search, provider: brav } }", "provider brave, "],
    ["connectors: { x: { kind: search, provider: brave } }", "takes provider brave, "],
    ["connectors: [a]", "Write each as `NAME: { kind: KIND, … }`"],
  ])("has a hint of what it takes: %s", (text, hint) => {
    const error = errorOf(folderWith(text));
    expect(error).toMatchObject({ code: "config.invalid_value" });
    expect(error?.hint).toContain(hint);
  });
});

describe("one name for a connector and an MCP server", () => {
  const connector = "connectors:\n  tickets: { kind: http, baseUrl: 'https://a.example' }\n";

  test("is found where the settings are read, with both places", async () => {
    const text = `${connector}mcpServers:\n  tickets: { url: 'https://b.example' }\n`;
    const folder = folderWith(text);
    for (const words of [
      ["config", "explain"],
      ["connectors", "list"],
      ["connectors", "check"],
    ]) {
      const { code, stderr } = await runInProcess(words, folder);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/config\.name_in_use.*"tickets".*yaml:2\).*yaml:4\)/);
    }
  });

  test("is found for a server of another program's file too", () => {
    const folder = folderWith(`mcpFiles: [.mcp.json]\n${connector}`);
    const servers = { mcpServers: { tickets: { url: "https://b.example" } } };
    writeFileSync(join(folder, ".mcp.json"), JSON.stringify(servers));
    expect(errorOf(folder)).toMatchObject({
      code: "config.name_in_use",
      message: expect.stringMatching(/an MCP server \(.*yaml:1\)/),
    });
  });
});

test("a word that a command does not know is said without two full stops", async () => {
  const { stderr } = await runInProcess(["connectors", "foo"], folderWith(""));
  expect(stderr).toMatch(/but got 1: foo\.\n/);
});
