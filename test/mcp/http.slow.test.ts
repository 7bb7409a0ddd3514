import { expect, test } from "vitest";
import { egressRefusals } from "../../src/boundary/egress/guard.ts";
import { grantTests } from "../support/egress.ts";
import { fixedPolicy } from "../support/boundary.ts";
import {
  freePort,
  governed,
  httpServer,
  startEverything,
} from "../support/mcp-servers/http-harness.ts";
import { startHttpServer } from "../support/mcp-servers/http-server.ts";

grantTests("starts the servers", { spawn: true });

test("a real server over HTTP: each call goes out by itself, the session by the call that holds it", async () => {
  const before = egressRefusals();
  const port = await freePort();
  await startEverything(port);
  const { handle, call, audit } = await governed(httpServer(`http://127.0.0.1:${port}/mcp`));
  expect(handle.tools.length).toBeGreaterThan(8);
  const echoed = await call("echo", { message: "over HTTP" });
  expect(echoed).toMatchObject({ ok: true, value: { content: "Echo: over HTTP" } });
  expect(echoed.record).toMatchObject({
    connector: "mcp:remote",
    operation: "tools/call",
    host: "127.0.0.1",
    port,
    connectedTo: [`127.0.0.1:${port}`],
  });

  const opening = { connector: "mcp:remote", operation: "session/open", effect: "write" };
  expect(audit.opened.filter((row) => row.operation === "session/open")).toMatchObject([opening]);
  expect(audit.closed.filter((row) => row.operation === "session/open")).toEqual([]);
  await handle.close();
  await expect
    .poll(() => audit.closed.filter((row) => row.operation === "session/open"))
    .toMatchObject([{ ...opening, outcome: "ok", connectedTo: [`127.0.0.1:${port}`] }]);
  expect(egressRefusals() - before).toBe(0);
});

test("a server that is killed in a call loses that call; the next one opens a new session", async () => {
  const port = await freePort();
  const first = await startEverything(port);
  const { call } = await governed(httpServer(`http://127.0.0.1:${port}/mcp`));
  const progress: string[] = [];
  const long = call(
    "trigger-long-running-operation",
    { duration: 30, steps: 300 },
    { onProgress: (message) => progress.push(message) },
  );
  await expect.poll(() => progress.length).toBeGreaterThan(0);
  await first.kill();
  expect(await long).toMatchObject({ ok: false, error: { kind: "outcome_unknown" } });

  await startEverything(port);
  const echoed = await call("echo", { message: "again" });
  expect(echoed).toMatchObject({ ok: true, value: { content: "Echo: again" } });
}, 15_000);

test("a server that is down does not open, and nothing was sent", async () => {
  const opening = governed(httpServer(`http://127.0.0.1:${await freePort()}/mcp`));
  await expect(opening).rejects.toMatchObject({
    kind: "transport",
    phase: "before_send",
    message: expect.stringContaining("ECONNREFUSED"),
  });
});

test("a session that the server has forgotten is opened anew, and the call made in the new one", async () => {
  let forgetful = false;
  const server = await startHttpServer(({ message }, response) => {
    if (message.method === "initialize") forgetful = false;
    if (!forgetful || message.method !== "tools/call") return undefined;
    response.writeHead(404).end("no such session");
    return null;
  });
  const { call } = await governed(httpServer(server.url, { tools: { echo: { effect: "write" } } }));
  forgetful = true;
  expect(await call("echo", { a: 1 })).toMatchObject({
    ok: true,
    value: { content: '{"a":1}' },
    record: { attempts: [{ outcome: "boundary.transport" }, { outcome: "ok" }] },
  });
});

test("a cancelled call is cancelled at the server too, through the call that holds the session", async () => {
  const server = await startHttpServer(({ message }) =>
    message.method === "tools/call" ? new Promise(() => {}) : undefined,
  );
  const { call } = await governed(httpServer(server.url, { tools: { echo: { effect: "read" } } }));
  const caller = new AbortController();
  const hanging = call("echo", {}, { signal: caller.signal });
  const sent = (method: string) =>
    server.received.filter(({ message }) => message.method === method);
  await expect.poll(() => sent("tools/call")).toHaveLength(1);
  caller.abort();
  expect(await hanging).toMatchObject({ ok: false, error: { kind: "cancelled" } });
  await expect.poll(() => sent("notifications/cancelled")).toHaveLength(1);
});

test.each([
  [401, "upstream_4xx", "agent33 mcp login"],
  [403, "upstream_4xx", "agent33 mcp login"],
  [429, "upstream_429", ""],
  [503, "upstream_5xx", ""],
  [307, "upstream_4xx", ""],
])("a server that answers %i does not open, and says why", async (status, kind, hint) => {
  const server = await startHttpServer((_request, response) => {
    response.writeHead(status, { location: "https://elsewhere.example/mcp" }).end("not today");
    return null;
  });
  const opening = governed(httpServer(server.url));
  await expect(opening).rejects.toMatchObject({
    kind,
    phase: "before_send",
    retryable: false,
    status,
    message: expect.stringContaining(server.url),
    ...(hint === "" ? {} : { hint: expect.stringContaining(hint) }),
  });
});

test("an answer over the limit is not read to its end", async () => {
  const server = await startHttpServer(({ message }, response) => {
    if (message.method !== "tools/call") return undefined;
    response.writeHead(200, { "content-type": "text/event-stream" });
    const flood = setInterval(() => response.write("x".repeat(1024 * 1024)), 1);
    response.on("close", () => clearInterval(flood));
    return null;
  });
  const { call } = await governed(httpServer(server.url, { tools: { echo: { effect: "read" } } }));
  const outcome = await call("echo");
  expect(outcome).toMatchObject({ ok: false, error: { kind: "invalid_response" } });
  expect(!outcome.ok && outcome.error.message).toContain("16 MiB");
});

test("headers go with every request, and only their names into the audit's arguments", async () => {
  const server = await startHttpServer();
  const headers = { authorization: "Bearer open-Sesame-77" };
  const { call, audit } = await governed(httpServer(server.url, { headers }));
  await call("echo");
  expect(server.received.length).toBeGreaterThan(3);
  for (const { headers: sent } of server.received) expect(sent).toMatchObject(headers);
  expect(JSON.stringify(audit)).not.toContain("Sesame");
});

test("a policy that denies the place lets nothing out", async () => {
  const server = await startHttpServer();
  await expect(
    governed(httpServer(server.url), { policy: fixedPolicy("deny") }),
  ).rejects.toMatchObject({ kind: "policy_denied" });
  expect(server.received).toEqual([]);
});

test("after the session is over nothing of it connects", async () => {
  const server = await startHttpServer();
  const { handle } = await governed(httpServer(server.url));
  await expect.poll(() => server.streams.length).toBe(1);
  await handle.close();
  expect(server.received.at(-1)?.method).toBe("DELETE");
  expect(handle.alive()).toBe(false);
  const count = server.received.length;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(server.received).toHaveLength(count);
});

test("the stream on which the server speaks is opened again when it is cut", async () => {
  const server = await startHttpServer();
  await governed(httpServer(server.url));
  await expect.poll(() => server.streams.length).toBe(1);
  server.streams[0]?.write("id: 1\nretry: 10\ndata: \n\n");
  server.streams[0]?.end();
  await expect.poll(() => server.streams.length, { timeout: 4_000 }).toBe(2);
});
