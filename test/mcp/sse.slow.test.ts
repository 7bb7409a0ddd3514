import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { resultsOf, testEngine } from "../support/engine.ts";
import {
  freePort,
  governed,
  httpServer,
  startEverything,
} from "../support/mcp-servers/http-harness.ts";
import { fixedPolicy } from "../support/boundary.ts";
import { grantTests } from "../support/egress.ts";
import { startSseServer } from "../support/mcp-servers/sse-server.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("starts the server", { spawn: true });

const overSse = (url: string, effect: "read" | "write" = "read") =>
  httpServer(url, {
    transport: "sse",
    tools: { echo: { effect, ...(effect === "read" ? { repeat: "safe" as const } : {}) } },
  });

test("the reference server is spoken to over server-sent events", async () => {
  const port = await freePort();
  await startEverything(port, "sse");
  const { call, handle } = await governed(overSse(`http://127.0.0.1:${port}/sse`));
  expect(handle.tools.length).toBeGreaterThan(5);
  const said = await call("echo", { message: "over events" });
  expect(said).toMatchObject({ ok: true, value: { content: "Echo: over events" } });
  // The request went out in its own call, to the place that its record names.
  expect(said.record.connectedTo).toEqual([`127.0.0.1:${port}`]);
});

test("a run uses a server of the settings whose type is sse", async () => {
  const server = await startSseServer();
  const { engine, run } = testEngine(
    { mcpServers: { old: { type: "sse", url: server.url, headers: { "x-key": "${OLD_KEY}" } } } },
    undefined,
    { OLD_KEY: "open-sesame-0123" },
  );
  onTestFinished(() => engine.close());
  const { events } = await run([
    { tool_calls: [{ name: "old__echo", arguments: { a: 1 } }] },
    { text: "Done." },
  ]);
  expect(resultsOf(events)).toMatchObject([{ content: '{"a":1}' }]);
  expect(server.headers.length).toBeGreaterThan(3);
  for (const headers of server.headers) expect(headers["x-key"]).toBe("open-sesame-0123");
});

test("a server of a task whose transport is sse is used in its runs", async () => {
  const server = await startSseServer();
  const task = temporaryFolder("sse-task");
  for (const part of ["environment", "tests"]) mkdirSync(join(task, part));
  writeFileSync(join(task, "instruction.md"), "Say it again.");
  writeFileSync(join(task, "tests/test.sh"), "true\n");
  const lines = [`name = "old"`, `transport = "sse"`, `url = "${server.url}"`];
  writeFileSync(join(task, "task.toml"), ["[[environment.mcp_servers]]", ...lines].join("\n"));
  const { engine, run } = testEngine();
  onTestFinished(() => engine.close());
  const { events } = await run(
    [{ tool_calls: [{ name: "old__echo", arguments: { a: 2 } }] }, { text: "Done." }],
    { task: { kind: "folder", path: task, environment: "host" } },
  );
  expect(resultsOf(events)).toMatchObject([{ content: '{"a":2}' }]);
});

test.each([
  [401, "upstream_4xx"],
  [404, "transport"],
  [429, "upstream_429"],
  [503, "upstream_5xx"],
  [307, "upstream_4xx"],
])("a server that answers %i does not open, and says why", async (status, kind) => {
  const server = await startSseServer((_request, response) => {
    response.writeHead(status, { location: "https://elsewhere.example/sse" }).end("not today");
    return true;
  });
  await expect(governed(overSse(server.url))).rejects.toMatchObject({
    kind,
    phase: "before_send",
    status,
  });
});

test("nobody who listens is said to be nobody", async () => {
  const opening = governed(overSse(`http://127.0.0.1:${await freePort()}/sse`));
  await expect(opening).rejects.toMatchObject({
    kind: "transport",
    message: expect.stringContaining("ECONNREFUSED"),
  });
});

test("a server that never says where to send is given up in time", async () => {
  const server = await startSseServer(({ method }, response) => {
    if (method !== "GET") return false;
    response.writeHead(200, { "content-type": "text/event-stream" }).write(": hello\n\n");
    return true;
  });
  const opening = governed({ ...overSse(server.url), startTimeoutMs: 400 });
  await expect(opening).rejects.toMatchObject({ kind: "timeout", phase: "before_send" });
});

test("a policy that denies the place lets nothing out", async () => {
  const server = await startSseServer();
  const opening = governed(overSse(server.url), { policy: fixedPolicy("deny") });
  await expect(opening).rejects.toMatchObject({ kind: "policy_denied" });
  expect(server.headers).toEqual([]);
});

test("a call whose stream ends is lost, and the next one is made in a new session", async () => {
  let cut = true;
  const server = await startSseServer(({ message }, response, stream) => {
    if (message.method !== "tools/call" || !cut) return false;
    cut = false;
    response.writeHead(202).end();
    stream?.end();
    return true;
  });
  const { call } = await governed(overSse(server.url, "write"));
  expect(await call("echo", { a: 1 })).toMatchObject({
    ok: false,
    error: { kind: "outcome_unknown" },
  });
  expect(await call("echo", { a: 2 })).toMatchObject({ ok: true, value: { content: '{"a":2}' } });
  expect(server.streams).toHaveLength(2);
});

test("a message over the limit is not read to its end", async () => {
  const server = await startSseServer(({ message }, response, stream) => {
    if (message.method !== "tools/call") return false;
    response.writeHead(202).end();
    const flood = setInterval(() => stream?.write("x".repeat(1024 * 1024)), 1);
    stream?.on("close", () => clearInterval(flood));
    return true;
  });
  const { call } = await governed(overSse(server.url, "write"));
  const outcome = await call("echo");
  expect(outcome).toMatchObject({ ok: false, error: { kind: "invalid_response" } });
});

test("after the session is over nothing of it connects", async () => {
  const server = await startSseServer();
  const { handle } = await governed(overSse(server.url));
  await handle.close();
  const count = server.headers.length;
  // The library would open an ended stream again after three seconds.
  await new Promise((resolve) => setTimeout(resolve, 3_300));
  expect(server.headers).toHaveLength(count);
});
