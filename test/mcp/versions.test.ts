import { join } from "node:path";
import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/client";
import { describe, expect, test } from "vitest";
import { childEnvironment } from "../../src/sandbox/child-environment.ts";
import { governed, httpServer } from "../support/mcp-servers/http-harness.ts";
import { startHttpServer } from "../support/mcp-servers/http-server.ts";
import { temporaryFolder } from "../support/temporary.ts";

const scripts = join(import.meta.dirname, "../support/mcp-servers");

function onPipes(script: string, protocol: string) {
  return {
    name: "test",
    command: process.execPath,
    args: [join(scripts, script)],
    cwd: temporaryFolder("versions"),
    env: childEnvironment({}),
    tools: {},
    protocol,
    startTimeoutMs: 5_000,
  };
}

describe("the version of the protocol", () => {
  test.each(SUPPORTED_PROTOCOL_VERSIONS)(
    "%s is spoken with a server that wants it",
    async (wanted) => {
      const server = await startHttpServer(({ message }) =>
        message.method === "initialize"
          ? {
              protocolVersion: wanted,
              capabilities: { tools: {} },
              serverInfo: { name: "old", version: "1" },
            }
          : undefined,
      );
      const { handle, call } = await governed(httpServer(server.url));
      expect(handle.protocolVersion()).toBe(wanted);
      expect(await call("echo", { a: 1 })).toMatchObject({
        ok: true,
        value: { content: '{"a":1}' },
      });
    },
  );

  test("that nobody knows is refused", async () => {
    const server = await startHttpServer(({ message }) =>
      message.method === "initialize"
        ? {
            protocolVersion: "1999-01-01",
            capabilities: {},
            serverInfo: { name: "x", version: "1" },
          }
        : undefined,
    );
    await expect(governed(httpServer(server.url))).rejects.toMatchObject({ phase: "before_send" });
  });

  test("is asked for over HTTP, and not on pipes unless it is wanted", async () => {
    const server = await startHttpServer();
    await governed(httpServer(server.url));
    await governed(httpServer(server.url, { protocol: "legacy" }));
    const methods = server.received.map(({ message }) => message.method);
    expect(methods.filter((method) => method === "server/discover")).toHaveLength(1);
    expect(methods.filter((method) => method === "initialize")).toHaveLength(2);
  });

  test("may be looked for on pipes too; a server that is silent about it is an old one", async () => {
    const { handle } = await governed(onPipes("greets-on-stdout.mjs", "auto"));
    expect(handle.protocolVersion()).toMatch(/^20(24|25)-/);
  }, 15_000);

  test("that is demanded and not spoken keeps the server from opening", async () => {
    const server = await startHttpServer();
    const pinned = httpServer(server.url, { protocol: "2026-07-28" });
    await expect(governed(pinned)).rejects.toMatchObject({
      phase: "before_send",
      message: expect.stringContaining("2026-07-28"),
    });
  });
});
