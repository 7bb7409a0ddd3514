import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../base/json.ts";
import { loadConfig } from "./config.ts";
import { referredBy, resolveReferences } from "./references.ts";

function serversOf(mcpServers: JsonValue) {
  const flags = [{ setting: "mcpServers", flag: "--mcpServers", value: mcpServers }];
  return loadConfig({ cwd: tmpdir(), env: {}, flags });
}

describe("MCP servers in the settings", () => {
  test("have the kind that they name, and without one a URL means HTTP", () => {
    const { settings } = serversOf({
      a: { command: "a-server" },
      b: { url: "https://b.example/mcp" },
      c: { type: "http", url: "https://c.example/mcp" },
      d: { type: "streamable-http", url: "https://d.example/mcp", protocol: "2026-07-28" },
    });
    expect(Object.values(settings.mcpServers).map(({ type }) => type)).toEqual([
      "stdio",
      "http",
      "http",
      "http",
    ]);
  });

  test.each<readonly [string, JsonValue, string]>([
    ["neither", { args: [] }, "mcpServers.x.command"],
    ["both", { command: "a", url: "https://a.example" }, "mcpServers.x"],
    ["another kind", { type: "ws", url: "https://a.example" }, "mcpServers.x.type"],
    [
      "a login over sse",
      { type: "sse", url: "https://a.example", oauth: { clientId: "x" } },
      "no login over sse",
    ],
    ["another scheme", { url: "ftp://a.example" }, "mcpServers.x.url"],
    ["credentials in the address", { url: "https://u:p@a.example" }, "headers, not in the URL"],
    ["a version that is none", { command: "a", protocol: "newest" }, "mcpServers.x.protocol"],
    [
      "a secret in the file",
      { url: "https://a.example", headers: { Authorization: "Bearer abc" } },
      "write ${VARIABLE} here",
    ],
    [
      "a variable as others write it",
      { command: "a", env: { A: "b ${env:C}" } },
      "env: and the like are not known",
    ],
    [
      "such a variable in a header",
      { url: "https://a.example", headers: { "x-mode": "${env:C}" } },
      "Only ${VARIABLE} is replaced",
    ],
    [
      "a default beside a variable",
      { command: "a", env: { MODE: "${MODE:-fast}" } },
      "defaults, env: and the like are not known",
    ],
    [
      "a reference that is never closed",
      { url: "https://a.example", headers: { "x-mode": "${MODE" } },
      "Only ${VARIABLE} is replaced",
    ],
  ])("are refused with %s", (_what, server, told) => {
    expect(() => serversOf({ x: server })).toThrow(told);
  });

  test("do not show what is in variables and headers", () => {
    const shown = serversOf({
      a: { command: "a", env: { A: "open-Sesame-77" } },
      b: { url: "https://b.example", headers: { "x-mode": "open-Sesame-77" } },
    }).explain();
    const value = shown.find(({ name }) => name === "mcpServers")?.value;
    expect(value).toMatchObject({
      a: { env: { A: "[hidden]" } },
      b: { headers: { "x-mode": "[hidden]" } },
    });
    expect(JSON.stringify(shown)).not.toContain("Sesame");
  });
});

describe("references to variables", () => {
  const env = { TOKEN: "t-1", EMPTY: "" };

  test("become the variables' values, in the middle of a text too", () => {
    const texts = { authorization: "Bearer ${TOKEN}", plain: "$TOKEN {TOKEN}" };
    expect(resolveReferences(texts, env, "a")).toEqual({
      authorization: "Bearer t-1",
      plain: "$TOKEN {TOKEN}",
    });
    const server = { type: "http", headers: { ...texts, more: "${MISSING}" } } as const;
    expect(referredBy(server, env)).toEqual([["TOKEN", "t-1"]]);
  });

  test("a value is not looked through again", () => {
    expect(resolveReferences({ a: "${A}" }, { A: "${B}", B: "x" }, "a")).toEqual({ a: "${B}" });
  });

  test.each(["MISSING", "EMPTY"])("to %s name the server and the variable", (variable) => {
    expect(() => resolveReferences({ key: `\${${variable}}` }, env, "vault")).toThrow(
      expect.objectContaining({
        code: "config.missing_variable",
        message: expect.stringMatching(new RegExp(`"vault".*${variable}.*key`)),
      }),
    );
  });
});
