import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fixedPolicy } from "../../../test/support/boundary.ts";
import { call, failedCall, useMcpHarness } from "../../../test/support/mcp-servers/harness.ts";
import { eventually, isRunning } from "../../../test/support/mcp-servers/process-list.ts";
import type { StdioMcpServer } from "./server.ts";

const mcp = useMcpHarness();

describe("a call", () => {
  const misbehaving = (extra: Partial<StdioMcpServer> = {}) =>
    mcp.opened(mcp.script("misbehaves-in-calls.mjs", [], extra));

  test("turns content blocks into text and names what is not shown", async () => {
    expect((await call(await misbehaving(), "blocks")).content.split("\n")).toEqual([
      "first",
      "[image/png, 12 kB, not shown]",
      "[audio/wav, 10 B, not shown]",
      "[link to file:///a.txt, not shown]",
      "[file:///b.txt, text/plain]",
      "inside",
      "[file:///c.bin, 4 kB, not shown]",
    ]);
  });

  test("shows a structured result where there is no text", async () => {
    expect(await call(await misbehaving(), "structured")).toEqual({
      content: '{"rows":2}',
      isError: false,
      structured: { rows: 2 },
    });
  });

  test("carries the idempotency key to the server", async () => {
    expect((await call(await misbehaving(), "key")).content).toBe("key-1");
  });

  test("that hangs ends at its limit and leaves the server usable", async () => {
    const handle = await misbehaving({ callTimeoutMs: 300 });
    expect(await failedCall(handle, "hang")).toMatchObject({ kind: "timeout", phase: "unknown" });
    expect((await call(handle, "fine", { a: 1 })).content).toContain('{"a":1}');
    expect(await eventually(() => handle.stderrTail().includes("cancelled request"))).toBe(true);
  });

  test("that the caller cancels is cancelled at the server too", async () => {
    const handle = await misbehaving();
    const caller = new AbortController();
    const hanging = failedCall(handle, "hang", {}, caller.signal);
    caller.abort();
    expect(await hanging).toMatchObject({ kind: "cancelled" });
  });

  test("is rejected with exit code and last words when the server ends in it", async () => {
    const handle = await misbehaving();
    const error = await failedCall(handle, "exit");
    expect(error).toMatchObject({
      kind: "transport",
      phase: "unknown",
      countsAgainstBreaker: true,
    });
    expect(error.message).toContain("with code 7");
    expect(error.message).toContain("out of memory");
    expect(handle.alive()).toBe(false);
  });

  test("gets an answer that the server gave just before it ended", async () => {
    expect((await call(await misbehaving(), "exit_after_answer")).content).toBe("last words");
  });

  test("is rejected when the answer is larger than a message may be", async () => {
    const error = await failedCall(await misbehaving(), "giant");
    expect(error.kind).toBe("invalid_response");
    expect(error.message).toContain("16 MiB");
  });

  test("is rejected at once, also while a server that broke the session resists being killed", async () => {
    const handle = await mcp.opened(mcp.script("misbehaves-in-calls.mjs", ["--stubborn"]));
    expect((await failedCall(handle, "giant")).kind).toBe("invalid_response");
    expect(mcp.spawned.filter(isRunning)).toHaveLength(1);
  });

  test("is rejected when the result is not one", async () => {
    expect(await failedCall(await misbehaving(), "wrong_result")).toMatchObject({
      kind: "invalid_response",
      countsAgainstBreaker: true,
    });
  });

  test.each(["no_version", "half_json"])(
    "that is answered with %s times out and shows the line",
    async (tool) => {
      const error = await failedCall(await misbehaving({ callTimeoutMs: 300 }), tool);
      expect(error.kind).toBe("timeout");
      expect(error.message).toContain("1 lines to stdout that are not JSON-RPC");
    },
  );

  test("tells the server's faults from the request's", async () => {
    const handle = await misbehaving();
    expect(await failedCall(handle, "internal_error")).toMatchObject({ kind: "upstream_5xx" });
    const error = await failedCall(handle, "params_error");
    expect(error).toMatchObject({ kind: "upstream_4xx", retryable: false });
    expect(error.message).toContain("no such table");
  });

  test("starts a dead server once more, shared by all who wait", async () => {
    const handle = await misbehaving();
    await failedCall(handle, "exit");
    const answers = await Promise.all([call(handle, "fine"), call(handle, "fine")]);
    expect(new Set(answers.map((answer) => answer.content)).size).toBe(1);
    expect(mcp.spawned).toHaveLength(2);
    expect(handle.alive()).toBe(true);
  });

  test("fails at once, as never sent, when the server does not start again", async () => {
    const handle = await mcp.opened(
      mcp.script("fails-second-start.mjs", [join(mcp.folder, "starts")]),
    );
    await failedCall(handle, "die");
    const error = await failedCall(handle, "die");
    expect(error).toMatchObject({ kind: "transport", phase: "before_send" });
    expect(error.message).toContain("the lock file is still there");
    expect(readFileSync(join(mcp.folder, "starts"), "utf8")).toBe("xx");
  });

  test("is refused, as never sent, when policy denies the restart", async () => {
    const { boundary, outcome } = await mcp.open(mcp.script("misbehaves-in-calls.mjs"));
    if (!outcome.ok) throw outcome.error;
    await failedCall(outcome.value, "exit");
    boundary.swapPolicy(fixedPolicy("deny"));
    expect(await failedCall(outcome.value, "fine")).toMatchObject({
      kind: "policy_denied",
      phase: "before_send",
    });
    expect(mcp.spawned).toHaveLength(1);
  });

  test("during whose restart the server is closed fails, and nothing is left running", async () => {
    const handle = await misbehaving();
    await failedCall(handle, "exit");
    const waiting = failedCall(handle, "fine");
    expect(await eventually(() => mcp.spawned.length === 2)).toBe(true);
    await handle.close();
    expect(await waiting).toMatchObject({ kind: "cancelled", phase: "before_send" });
    expect(mcp.spawned.filter(isRunning)).toEqual([]);
  });

  test("that runs out of time during a restart was never sent", async () => {
    const lives = join(mcp.folder, "lives");
    const handle = await mcp.opened(
      mcp.script("slow-second-start.mjs", [lives], { callTimeoutMs: 300 }),
    );
    await failedCall(handle, "die");
    expect(await failedCall(handle, "die")).toMatchObject({
      kind: "timeout",
      phase: "before_send",
    });
  });

  test("is refused when the restarted server describes the tool differently", async () => {
    const lives = join(mcp.folder, "lives");
    writeFileSync(lives, "");
    const handle = await mcp.opened(mcp.script("changes-its-tool.mjs", [lives]));
    expect((await call(handle, "shifty")).content).toBe("shifty in life 1");
    await failedCall(handle, "steady", { die: true });
    expect((await call(handle, "steady")).content).toBe("steady in life 2");
    const error = await failedCall(handle, "shifty");
    expect(error).toMatchObject({ kind: "invalid_response", phase: "before_send" });
  });

  test("is refused once the server has said that the tool changed, and others go on", async () => {
    const file = join(mcp.folder, "tools.json");
    const inputSchema = { type: "object", properties: {} };
    const offers = (...tools: readonly object[]) => writeFileSync(file, JSON.stringify(tools));
    const steady = { name: "steady", inputSchema };
    offers(steady, { name: "shifty", inputSchema }, { name: "gone", inputSchema });
    const handle = await mcp.opened(mcp.script("follows-a-file.mjs", [file]));
    offers(steady, { name: "shifty", inputSchema, annotations: { readOnlyHint: true } });
    expect((await call(handle, "shifty")).content).toBe("shifty ran");

    await call(handle, "steady", { changed: true });
    for (const tool of ["shifty", "gone"]) {
      const error = await failedCall(handle, tool);
      expect(error).toMatchObject({ kind: "invalid_response", phase: "before_send" });
    }
    expect((await call(handle, "steady")).content).toBe("steady ran");
    expect(handle.tools.map(({ name }) => name)).toHaveLength(3);
  });
});

describe.runIf(process.platform === "linux")("a stubborn server", () => {
  test("goes with its children, also the one in its own session, though all ignore SIGTERM", async () => {
    const handle = await mcp.opened(mcp.script("stubborn.mjs"));
    const pids = JSON.parse((await call(handle, "pids")).content) as number[];
    expect(pids).toHaveLength(3);
    expect(pids.every(isRunning)).toBe(true);
    await handle.close();
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test("goes within a second once somebody hurries, also where it is being closed already", async () => {
    const handle = await mcp.opened(mcp.script("stubborn.mjs"));
    const pids = JSON.parse((await call(handle, "pids")).content) as number[];
    const hurry = new AbortController();
    const closing = handle.close(hurry.signal);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const began = performance.now();
    hurry.abort();
    await closing;
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(pids.filter(isRunning)).toEqual([]);
  });
});

test("thousands of odd tools are told of in some lines, what a person decides about first", async () => {
  const tools = { gone: { effect: "read" } } as const;
  const odd = mcp.script("many-tools.mjs", ["400", "Optional[int]"], { tools });
  const { notices } = await mcp.opened(odd);
  expect(notices).toHaveLength(21);
  expect(notices[0]).toContain('"gone" is declared');
  expect(notices[1]).toMatch(/so it counts as unknown, for: list_invoice, .*, 380 more\.$/);
  expect(notices[2]).toContain("Optional[int]");
  expect(notices[20]).toBe("382 more things are odd about its tools.");
});
