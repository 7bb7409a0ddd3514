import { describe, expect, test } from "vitest";
import { readMcpFile } from "./mcp-file.ts";
import { settingsSchema } from "./schema.ts";

const read = (value: unknown) =>
  readMcpFile(typeof value === "string" ? value : JSON.stringify(value), "mcp.json");

describe("a file of MCP servers", () => {
  test.each([
    ["of .mcp.json, Claude Desktop and Cursor", { mcpServers: { a: { command: "x" } } }],
    ["of VS Code", { inputs: [], servers: { a: { type: "stdio", command: "x" } } }],
    ["of VS Code's settings", { mcp: { servers: { a: { command: "x" } } }, "editor.x": 1 }],
    [
      "with comments and commas",
      '\ufeff{ // "a"\n "mcpServers": { /* b */ "a": { "command": "x", }, }, }',
    ],
  ])("is read in the form %s", (_form, file) => {
    expect(read(file).servers).toEqual({ a: { command: "x" } });
  });

  test("keeps what is no comment", () => {
    const { servers } = read(
      '{"mcpServers":{"a":{"command":"x","args":["https://h/,]","/* no */"]}}}',
    );
    expect(servers["a"]?.["args"]).toEqual(["https://h/,]", "/* no */"]);
  });

  test("gives variables where it asks for something, and where a secret stands", () => {
    const { servers, variables } = read({
      mcpServers: {
        github: {
          command: "docker",
          args: ["run", "${workspaceFolder}/x"],
          env: {
            GITHUB_TOKEN: "short-but-secret",
            HEADER: `Bearer sk-${"a1".repeat(12)}`,
            ASKED: "${input:api-key}",
            TAKEN: "pre-${env:OTHER}",
            CLAUDE: "${THIRD:-fallback}",
            PLAIN: "info",
            PORT: 8080,
          },
        },
      },
    });
    expect(servers).toEqual({
      github: {
        command: "docker",
        args: ["run", "./x"],
        env: {
          GITHUB_TOKEN: "${GITHUB_TOKEN}",
          HEADER: "${HEADER}",
          ASKED: "${API_KEY}",
          TAKEN: "pre-${OTHER}",
          CLAUDE: "${THIRD}",
          PLAIN: "info",
          PORT: "8080",
        },
      },
    });
    expect(variables.map(({ name }) => name)).toEqual([
      "GITHUB_TOKEN",
      "HEADER",
      "API_KEY",
      "OTHER",
      "THIRD",
    ]);
    expect(settingsSchema.safeParse({ mcpServers: servers }).success).toBe(true);
  });

  test("takes servers over HTTP with their headers, and no secret of these", () => {
    const headers = { Authorization: "Bearer x", "X-Plain": "1", "X-Api-Key": "${input:key}" };
    const { servers, variables } = read({
      mcpServers: { far: { url: "https://a.example/mcp", headers } },
    });
    expect(servers).toEqual({
      far: {
        type: "http",
        url: "https://a.example/mcp",
        headers: { Authorization: "${FAR_AUTHORIZATION}", "X-Plain": "1", "X-Api-Key": "${KEY}" },
      },
    });
    expect(variables.map(({ name }) => name)).toEqual(["FAR_AUTHORIZATION", "KEY"]);
    expect(settingsSchema.safeParse({ mcpServers: servers }).success).toBe(true);
  });

  test("takes no password over that stands in the address of a database", () => {
    const env = { DB: "postgres://ann:swordfish@a.example/db", SITE: "https://a.example/?q=1" };
    const { servers, variables } = read({ mcpServers: { a: { command: "x", env } } });
    expect(servers).toMatchObject({ a: { env: { DB: "${DB}", SITE: env.SITE } } });
    expect(variables).toMatchObject([{ name: "DB", server: "a" }]);
  });

  test("takes over what is spoken to over the transport of 2024", () => {
    const { servers } = read({ mcpServers: { a: { type: "sse", url: "https://a.example/sse" } } });
    expect(servers).toEqual({ a: { type: "sse", url: "https://a.example/sse" } });
  });

  test("takes the others over where one cannot be read", () => {
    const { servers, leftOut } = read({ mcpServers: { a: 5, b: { command: "x" } } });
    expect(Object.keys(servers)).toEqual(["b"]);
    expect(leftOut).toHaveLength(1);
  });

  test.each([
    ["over another transport", { type: "websocket", url: "wss://a.example" }, "no http address"],
    ["without a place", { args: ["x"] }, "neither"],
    ["with a key on its command line", { command: "x", args: ["--api-key", "abc"] }, "secret"],
    ["with a variable on its command line", { command: "x", args: ["${input:a}"] }, "variable"],
    [
      "with a name and a password in its address",
      { url: "https://:pw@a.example/mcp" },
      "not in the URL",
    ],
    ["with a key in its address", { url: "https://a.example/mcp?api_key=abc" }, "secret"],
    ["with a token in its address", { url: "https://a.example/xoxb-1234567890ab" }, "secret"],
    ["that is no server", 5, "not written as one"],
    ["with arguments of another kind", { command: "x", args: [1] }, "args.0"],
    ["that is disabled", { command: "x", disabled: true }, "disabled"],
  ])("leaves out a server %s, and says why", (_what, server, why) => {
    const { servers, leftOut } = read({ servers: { a: server } });
    expect(servers).toEqual({});
    expect(leftOut).toEqual([{ name: "a", why: expect.stringContaining(why) }]);
  });

  test.each(["{", "[]", "{}", '{"servers": 1}'])(
    "that is something else is refused: %s",
    (text) => {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: "config.not_mcp_file" }));
    },
  );
});
