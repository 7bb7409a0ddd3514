import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { isAgent33Error } from "../base/errors.ts";
import { loadConfig } from "./config.ts";

/** The configuration of a folder with these files. */
function load(files: Readonly<Record<string, unknown>>) {
  const cwd = temporaryFolder("mcp-files");
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(cwd, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return loadConfig({ cwd, env: {}, flags: [] });
}

const codeOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return isAgent33Error(error) ? `${error.code}: ${error.message}` : error;
  }
  return "nothing was thrown";
};

const named = "mcpFiles: [.mcp.json]\n";

describe("files of other programs", () => {
  test("bring their servers, without the secrets that stand in them", () => {
    const { settings, notices } = load({
      "agent33.config.yaml": named,
      ".mcp.json": {
        mcpServers: {
          notes: { command: "notes", env: { NOTES_TOKEN: "sekret-0123456789" } },
          far: { url: "https://a.example/mcp" },
          old: { type: "sse", url: "https://a.example/sse" },
          far2: { type: "ws", url: "wss://a.example" },
          open: { url: "https://user:pw@a.example" },
        },
      },
    });
    expect(settings.mcpServers).toMatchObject({
      notes: {
        type: "stdio",
        command: "notes",
        env: { NOTES_TOKEN: "${NOTES_TOKEN}" },
        confine: true,
      },
      far: { type: "http", url: "https://a.example/mcp" },
      old: { type: "http", url: "https://a.example/sse", transport: "sse" },
    });
    expect(Object.keys(settings.mcpServers)).toEqual(["notes", "far", "old"]);
    expect(notices).toEqual([
      expect.stringMatching(/^\.mcp\.json: MCP server far2 is left out: .*no http address/),
      expect.stringMatching(/^\.mcp\.json: MCP server open is left out: .*credentials/),
    ]);
  });

  test("do not take the place of a server of the settings, and that is said", () => {
    const { settings, notices } = load({
      "agent33.config.yaml": `${named}mcpServers: { notes: { command: mine } }\n`,
      ".mcp.json": { mcpServers: { notes: { command: "theirs" } } },
    });
    expect(settings.mcpServers).toMatchObject({ notes: { command: "mine" } });
    expect(notices).toEqual([expect.stringContaining("notes is that of the settings")]);
  });

  test.each([
    ["are not there", {}, "config.unreadable: The file .mcp.json"],
    ["hold something else", { ".mcp.json": "[]" }, "config.not_mcp_file: .mcp.json"],
  ])("are an error where they %s", (_what, files, message) => {
    const work = () => load({ "agent33.config.yaml": named, ...files });
    expect(codeOf(work)).toContain(message);
  });

  test("are an error where two have the same server", () => {
    const work = () =>
      load({
        "agent33.config.yaml": "mcpFiles: [a.json, b.json]\n",
        "a.json": { mcpServers: { x: { command: "a" } } },
        "b.json": { servers: { x: { command: "b" } } },
      });
    expect(codeOf(work)).toContain(
      'config.invalid_value: Both a.json and b.json have an MCP server "x"',
    );
  });
});
