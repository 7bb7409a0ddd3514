import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fixedPolicy, testBoundary, testPrincipal } from "../../../test/support/boundary.ts";
import {
  call,
  callContext,
  failedCall,
  useMcpHarness,
} from "../../../test/support/mcp-servers/harness.ts";
import { eventually, isRunning } from "../../../test/support/mcp-servers/process-list.ts";
import { fromOutside } from "../../base/outside.ts";
import { mcpSessionSpec, openMcpServer } from "./connector.ts";

const mcp = useMcpHarness();

describe("the filesystem server", () => {
  test("offers its tools under provider-safe names, with the operator's effects", async () => {
    const handle = await mcp.opened(mcp.filesystem());
    const names = handle.tools.map((tool) => tool.name);
    expect(names.length).toBeGreaterThan(10);
    expect(names.every((name) => /^filesystem__[a-z_]+$/.test(name))).toBe(true);
    const byName = new Map(handle.tools.map((tool) => [tool.name, tool]));
    expect(byName.get("filesystem__read_text_file")).toMatchObject({
      effect: "read",
      repeat: "safe",
      source: "mcp:filesystem",
    });
    expect(byName.get("filesystem__write_file")).toMatchObject({ effect: "write", repeat: "once" });
    expect(byName.get("filesystem__edit_file")).toMatchObject({
      effect: "unknown",
      repeat: "once",
    });
    expect(handle.hints["filesystem__list_directory"]).toMatchObject({ readOnlyHint: true });
  });

  test("writes and reads a file", async () => {
    const handle = await mcp.opened(mcp.filesystem());
    const path = join(mcp.folder, "note.txt");
    const written = await call(handle, "write_file", { path, content: "forty-two" });
    expect(written.isError).toBe(false);
    expect(readFileSync(path, "utf8")).toBe("forty-two");
    const read = await call(handle, "read_text_file", { path });
    expect(read.content).toBe("forty-two");
    expect(read.structured).toEqual({ content: "forty-two" });
  });

  test("gives a tool's own error back as data", async () => {
    const handle = await mcp.opened(mcp.filesystem());
    const missing = await call(handle, "read_text_file", { path: join(mcp.folder, "absent.txt") });
    expect(missing.isError).toBe(true);
    expect(missing.content).toContain("ENOENT");
  });

  test("refuses a path outside its folder as data", async () => {
    const handle = await mcp.opened(mcp.filesystem());
    const outside = await call(handle, "read_text_file", { path: "/etc/hostname" });
    expect(outside).toMatchObject({ isError: true });
    expect(outside.content).toContain("outside allowed directories");
  });

  test("has its arguments checked before they are sent, naming the field", async () => {
    const handle = await mcp.opened(mcp.filesystem());
    const tool = handle.tools.find(({ name }) => name === "filesystem__write_file");
    const parsed = tool?.parse({ path: 5 });
    expect(parsed).toMatchObject({ ok: false, error: { code: "tools.invalid_arguments" } });
    expect(parsed !== undefined && !parsed.ok && parsed.error.message).toContain(
      "path must be string",
    );
    expect(parsed !== undefined && !parsed.ok && parsed.error.message).toContain(
      "required property 'content'",
    );
  });

  test("ends with its handle, which can be closed twice", async () => {
    const handle = await mcp.opened(mcp.filesystem());
    expect(handle.alive()).toBe(true);
    await handle.close();
    await handle.close();
    expect(handle.alive()).toBe(false);
    expect(mcp.spawned.filter(isRunning)).toEqual([]);
    expect(await failedCall(handle, "list_directory", { path: mcp.folder })).toMatchObject({
      kind: "transport",
      phase: "before_send",
    });
  });

  test("is opened by a governed call that is audited", async () => {
    const { outcome, audit } = await mcp.open(mcp.filesystem());
    expect(outcome.ok).toBe(true);
    expect(audit.closed).toMatchObject([
      { connector: "mcp:filesystem", operation: "session/open", effect: "unknown", outcome: "ok" },
    ]);
  });

  test("shows policy the command and the names of the environment, never its values", () => {
    const server = { ...mcp.filesystem(), env: { API_KEY: "a secret" } };
    const facts = mcpSessionSpec(server).facts(server);
    expect(facts).toMatchObject({
      operation: "session/open",
      args: { command: server.command, args: [mcp.folder], environment: ["API_KEY"] },
    });
    expect(JSON.stringify(facts)).not.toContain("a secret");
  });

  test("is not started when policy denies it", async () => {
    const { boundary } = testBoundary({
      policy: fixedPolicy("deny"),
      hands: { spawn: mcp.spawn, fetch: () => Promise.reject(new Error("none")) },
    });
    const outcome = await openMcpServer({
      boundary,
      server: mcp.filesystem(),
      principal: testPrincipal,
    });
    expect(outcome).toMatchObject({ ok: false, error: { kind: "policy_denied" } });
    expect(mcp.spawned).toEqual([]);
  });
});

describe("a server that does not start", () => {
  test("is named with its exit code and its last words when it ends at once", async () => {
    const error = await mcp.refused(mcp.script("exits-at-start.mjs"));
    expect(error).toMatchObject({ kind: "transport", phase: "before_send", retryable: false });
    expect(error.message).toContain("with code 3");
    expect(error.message).toContain("cannot open the ledger");
    expect(error.message).toContain("exits-at-start.mjs");
    expect(error.hint).toBeDefined();
  });

  test("is named with the reason when there is no such program", async () => {
    const error = await mcp.refused(mcp.script("x", [], { command: "agent33-no-such-program" }));
    expect(error).toMatchObject({ kind: "transport", phase: "before_send", retryable: false });
    expect(error.message).toContain("agent33-no-such-program");
    expect(error.message).toContain("ENOENT");
  });

  test("is given up at its start limit and killed", async () => {
    const error = await mcp.refused(
      mcp.script("hangs-at-initialize.mjs", [], { startTimeoutMs: 400 }),
    );
    expect(error).toMatchObject({ kind: "timeout", phase: "before_send" });
    expect(error.message).toContain("400 ms");
    expect(error.message).toContain("waiting for the licence server");
    expect(mcp.spawned.filter(isRunning)).toEqual([]);
  });

  test("is killed when the caller cancels", async () => {
    const { boundary } = testBoundary({
      hands: { spawn: mcp.spawn, fetch: () => Promise.reject(new Error("none")) },
    });
    const caller = new AbortController();
    const opening = openMcpServer({
      boundary,
      server: mcp.script("hangs-at-initialize.mjs"),
      principal: testPrincipal,
      options: { signal: caller.signal },
    });
    await eventually(() => mcp.spawned.length > 0);
    caller.abort();
    expect(await opening).toMatchObject({ ok: false, error: { kind: "cancelled" } });
    expect(mcp.spawned.filter(isRunning)).toEqual([]);
  });

  test("is given up when it floods stdout with what is not JSON-RPC", async () => {
    const error = await mcp.refused(mcp.script("floods-stdout.mjs"));
    expect(error.kind).toBe("invalid_response");
    expect(error.message).toContain("this is not JSON-RPC");
  });

  test("is given up when its listing never ends", async () => {
    const error = await mcp.refused(mcp.script("odd-tools.mjs", ["--endless"]));
    expect(error.kind).toBe("invalid_response");
    expect(error.message).toContain("64 pages");
  });
});

describe("a server that greets on stdout", () => {
  test("works, and the greeting is reported", async () => {
    const handle = await mcp.opened(mcp.script("greets-on-stdout.mjs"));
    expect((await call(handle, "echo", { text: "hello" })).content).toBe("hello");
    expect(handle.notices.join("\n")).toContain("2 lines on its stdout are not JSON-RPC");
  });
});

describe("odd tool lists", () => {
  test("are read over all pages; what cannot be used is left out with a notice", async () => {
    const handle = await mcp.opened(
      mcp.script("odd-tools.mjs", [], {
        tools: {
          liar: { effect: "destructive" },
          honest: { effect: "read" },
          gone: { effect: "read" },
        },
      }),
    );
    const names = handle.tools.map((tool) => tool.name);
    expect(names).toHaveLength(7);
    expect(names.every((name) => /^[A-Za-z0-9_-]{1,64}$/.test(name))).toBe(true);
    expect(new Set(names).size).toBe(7);
    const notices = handle.notices.join("\n");
    for (const part of [
      '"typed" is listed twice',
      "Tool 6 is left out",
      "Tool 7 is left out",
      '"no_object"',
      "Optional[str]",
      '"gone" is declared',
      '"honest" is declared as read',
    ]) {
      expect(notices).toContain(part);
    }
    expect(handle.tools.find(({ name }) => name === "test__liar")?.effect).toBe("destructive");
    expect(handle.hints["test__liar"]).toEqual({ readOnlyHint: true });
    const dotted = names.find((name) => name.startsWith("test__with_dots"));
    const output = await handle.tools.find(({ name }) => name === dotted)?.run({}, callContext());
    expect(output?.content).toBe(fromOutside(["MCP server: test"], "called with.dots/and slashes"));
  });

  test("with a schema that is none are checked to be objects and shown without the foreign word", async () => {
    const handle = await mcp.opened(mcp.script("odd-tools.mjs"));
    const tool = handle.tools.find(({ name }) => name === "test__python");
    expect(tool?.parse({ name: 5 }).ok).toBe(true);
    expect(tool?.parse([]).ok).toBe(false);
    expect(JSON.stringify(tool?.inputSchema)).not.toContain("Optional");
    expect(tool?.inputSchema).toMatchObject({ properties: { name: { description: "a name" } } });
  });
});
