import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import type { Prompts } from "../../src/cli/prompts.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { testHost } from "../support/engine.ts";

const started = (text?: string) => {
  const folder = freshFolder();
  const file = join(folder, "agent33.config.yaml");
  if (text !== undefined) writeFileSync(file, text);
  const at = (...words: string[]) => runInProcess(["connectors", ...words], folder);
  return { folder, file, at, written: () => readFileSync(file, "utf8") };
};

describe("agent33 connectors add", () => {
  test("writes what was set, shows it, and keeps comments", async () => {
    const settings = ["--set", "provider=brave", "--set", "tokenVariable=BRAVE_KEY"];
    const { at, written } = started(
      "# mine\nmodel: a:b # good\nconnectors:\n  # the first\n  one: { kind: web }\n",
    );
    const { code, stdout } = await at("add", "search", "find", ...settings);
    expect(code).toBe(0);
    expect(stdout).toContain("tokenVariable: BRAVE_KEY");
    expect(stdout).toContain("Set BRAVE_KEY before it is used.");
    expect(written()).toBe(
      "# mine\nmodel: a:b # good\nconnectors:\n  # the first\n  one: { kind: web }\n  find:\n    kind: search\n    provider: brave\n    tokenVariable: BRAVE_KEY\n",
    );
  });

  test("makes the file where there is none, and the connector is there then", async () => {
    const { at, written } = started();
    await at("add", "web", "pages", "--set", "allowedHosts=a.example,*.b.example");
    expect(written()).toContain('allowedHosts:\n      - a.example\n      - "*.b.example"\n');
    expect((await at("list")).stdout).toContain("web:pages");
  });

  test.each([
    [["webb", "x"], "Did you mean"],
    [["search", "x"], "--set provider"],
    [["search", "x", "--set", "provider=searxng"], "--set baseUrl"],
    [["search", "x", "--set", "provider=searxng", "--set", "baseUrl=nowhere"], "baseUrl"],
    [["web", "x", "--set", "maxbytes=1"], "maxBytes"],
    [["web", "Bad Name"], "lower-case"],
    [["web", "taken"], "under mcpServers already"],
  ])("refuses %j and writes nothing", async (words, message) => {
    const text = "mcpServers:\n  taken: { command: x }\n";
    const { at, written } = started(text);
    const { code, stderr } = await at("add", ...words);
    expect({ code, stderr }).toMatchObject({ code: 64, stderr: expect.stringContaining(message) });
    expect(written()).toBe(text);
  });

  test.each([
    ["tokenVariable=tvly-abcdef0123456789", "tavily"],
    ["baseUrl=https://me:hunter2hunter2@a.example/", "searxng"],
  ])("takes no secret: %s", async (set, provider) => {
    const { at, file } = started();
    const settings = ["--set", `provider=${provider}`, "--set", set];
    const { code, stdout, stderr } = await at("add", "search", "x", ...settings);
    expect(code).toBe(64);
    expect(stderr).toContain("config.secret_value");
    expect(stdout + stderr).not.toMatch(/abcdef0123456789|hunter2/);
    expect(existsSync(file)).toBe(false);
  });

  test("asks a person for what is needed, and writes only after a yes", async () => {
    const { folder, file } = started();
    const asked: string[] = [];
    const prompts = (yes: boolean): Prompts => ({
      choose: (message, choices) => {
        asked.push(message, ...choices.map(({ value }) => value));
        return Promise.resolve("tavily");
      },
      text: ({ message, validate }) => {
        asked.push(message);
        expect(validate("tvly-secret")).toContain("name of an environment variable");
        return Promise.resolve("TAVILY_KEY");
      },
      confirm: () => Promise.resolve(yes),
    });
    const run = (yes: boolean) =>
      main(["connectors", "add", "search", "find"], {
        host: testHost(folder),
        write: () => undefined,
        writeError: () => undefined,
        colours: false,
        columns: 100,
        program: "agent33",
        onInterrupt: () => () => undefined,
        prompts: prompts(yes),
      });
    expect(await run(false)).toBe(130);
    expect(existsSync(file)).toBe(false);
    expect(await run(true)).toBe(0);
    expect(readFileSync(file, "utf8")).toContain("tokenVariable: TAVILY_KEY");
    expect(asked).toContain("Which provider?");
    expect(asked.join()).toContain("key of the Tavily API");
  });
});

describe("agent33 connectors import", () => {
  const mcp = {
    mcpServers: {
      notes: { command: "notes-server", env: { NOTES_TOKEN: "sekret-0123456789" } },
      near: { type: "http", url: "https://a.example/mcp" },
      far: { type: "sse", url: "https://a.example/sse" },
      nowhere: { type: "http" },
    },
  };

  test("takes servers over without their secrets", async () => {
    const { folder, at, written } = started("model: a:b # mine\n");
    writeFileSync(join(folder, ".mcp.json"), JSON.stringify(mcp));
    const { code, stdout } = await at("import", ".mcp.json");
    expect(code).toBe(0);
    expect(stdout).toContain("Left out: nowhere");
    expect(stdout).toMatch(/notes takes NOTES_TOKEN: .* It is not set now\./);
    expect(stdout + written()).not.toContain("sekret");
    expect(written()).toBe(
      "model: a:b # mine\nmcpServers:\n  notes:\n    command: notes-server\n    env:\n      NOTES_TOKEN: ${NOTES_TOKEN}\n  near:\n    type: http\n    url: https://a.example/mcp\n  far:\n    type: sse\n    url: https://a.example/sse\n",
    );
    const listed = JSON.parse((await at("show", "notes", "--json")).stdout) as unknown;
    expect(listed).toMatchObject({ items: [{ problem: { code: "config.missing_variable" } }] });
  });

  test("writes nothing over what is there", async () => {
    const text = "mcpServers:\n  notes: { command: mine }\n";
    const { folder, at, written } = started(text);
    writeFileSync(join(folder, "mcp.json"), JSON.stringify(mcp));
    const { code, stderr } = await at("import", "mcp.json");
    expect(code).toBe(64);
    expect(stderr).toContain("config.name_in_use");
    expect(written()).toBe(text);
  });
});
