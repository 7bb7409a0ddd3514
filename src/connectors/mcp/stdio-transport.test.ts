import { PassThrough } from "node:stream";
import type { JSONRPCMessage } from "@modelcontextprotocol/client";
import { expect, test } from "vitest";
import type { ExitStatus, SpawnedProcess } from "../../boundary/hands.ts";
import { createStdioTransport } from "./stdio-transport.ts";

/** A child whose every event the test decides about, in an order that real ones show seldom. */
function scripted() {
  let exit: (status: ExitStatus) => void = () => {};
  const exited = new Promise<ExitStatus>((resolve) => {
    exit = resolve;
  });
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stdin = new PassThrough();
  const child: SpawnedProcess = {
    pid: 0,
    stdin,
    stdout,
    stderr,
    exited,
    kill: async () => exit({ code: null, signal: "SIGTERM" }),
  };
  const transport = createStdioTransport(child);
  const messages: JSONRPCMessage[] = [];
  let closes = 0;
  Object.assign(transport, {
    onmessage: (message: JSONRPCMessage) => messages.push(message),
    onclose: () => {
      closes += 1;
    },
  });
  return { transport, stdin, stdout, stderr, exit, messages, closes: () => closes };
}

const ping = '{"jsonrpc":"2.0","method":"notifications/x"}';
const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

test("takes output that arrives after the exit, also an unfinished last line", async () => {
  const { transport, stdout, stderr, exit, messages, closes } = scripted();
  await transport.start();
  exit({ code: 9, signal: null });
  await soon();
  expect(closes()).toBe(0);
  stdout.write(`${ping}\n`);
  stdout.end(ping);
  stderr.end("the reason");
  await soon();
  expect(messages).toHaveLength(2);
  expect(closes()).toBe(1);
  expect(transport.failure()).toMatchObject({ code: "mcp.server_exited", details: { code: 9 } });
  expect(transport.output()).toMatchObject({ stderrTail: "the reason", exit: { code: 9 } });
});

test("does not wait for output for ever when somebody else holds the pipes", async () => {
  const { transport, exit, closes } = scripted();
  await transport.start();
  exit({ code: 0, signal: null });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(closes()).toBe(1);
});

test("is no failure when it was asked to close", async () => {
  const { transport, stdin, closes } = scripted();
  await transport.start();
  await Promise.all([transport.close(), transport.close()]);
  expect(stdin.writableEnded).toBe(true);
  expect(closes()).toBe(1);
  expect(transport.failure()).toBeUndefined();
  expect(transport.isOpen()).toBe(false);
  await expect(transport.send(JSON.parse(ping) as JSONRPCMessage)).rejects.toMatchObject({
    code: "mcp.not_open",
  });
});

test("keeps the last 20 stray lines, clipped, and counts all of them", async () => {
  const { transport, stdout } = scripted();
  await transport.start();
  for (let line = 1; line <= 30; line += 1) stdout.write(`line ${line} ${"x".repeat(500)}\n`);
  stdout.write('{"jsonrpc":"1.0","method":"x"}\n[]\n\n   \n');
  await soon();
  const { strayLineCount, strayLines } = transport.output();
  expect(strayLineCount).toBe(32);
  expect(strayLines).toHaveLength(20);
  expect(strayLines.at(0)).toMatch(/^line 13 x{190,193}…$/);
  expect(strayLines.at(-1)).toBe("[]");
});

test("keeps the last 8 KiB of stderr", async () => {
  const { transport, stderr } = scripted();
  await transport.start();
  stderr.write("a".repeat(20_000));
  stderr.write("the end");
  await soon();
  const { stderrTail } = transport.output();
  expect(stderrTail).toHaveLength(8 * 1024);
  expect(stderrTail.endsWith("aathe end")).toBe(true);
});

test("can be started once", async () => {
  const { transport } = scripted();
  await transport.start();
  await expect(transport.start()).rejects.toMatchObject({ code: "mcp.not_open" });
});
