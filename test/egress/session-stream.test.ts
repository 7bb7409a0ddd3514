import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, expect, test } from "vitest";
import { longestTimerMs } from "../../src/base/clock.ts";
import { createEgress } from "../../src/boundary/egress/fetch.ts";
import { egressRefusals } from "../../src/boundary/egress/guard.ts";
import type { EgressFetch } from "../../src/boundary/hands.ts";
import type { CallContext } from "../../src/boundary/types.ts";
import { testBoundary } from "../support/boundary.ts";
import { options, read } from "../support/connector.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly protocolVersion?: string };
}

/** An MCP server over streamable HTTP: answers in JSON, and says things by itself over a stream. */
async function startMcpServer() {
  const streams: ServerResponse[] = [];
  const results: Readonly<Record<string, (message: Message) => unknown>> = {
    initialize: ({ params }) => ({
      protocolVersion: params?.protocolVersion,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: "test", version: "1" },
    }),
    "tools/call": () => ({ content: [{ type: "text", text: "echoed" }] }),
  };
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      streams.push(response);
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      // Tells the client to come back at once when the stream is cut.
      response.write("retry: 10\nid: 1\ndata: \n\n");
      return;
    }
    void json(request).then((body) => {
      const message = body as Message;
      const result = results[message.method]?.(message);
      if (message.id === undefined || result === undefined) {
        response.writeHead(message.id === undefined ? 202 : 400).end();
        return;
      }
      response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "one" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`),
    streams,
  };
}

const facts = { ...read, host: "127.0.0.1" };

test("a governed call holds the stream of a session: it may connect again for as long as it lasts", async () => {
  const before = egressRefusals();
  const { url, streams } = await startMcpServer();
  const egress = createEgress();
  open.push(egress.close);
  const { boundary } = testBoundary({
    hands: { fetch: egress.fetch, spawn: () => Promise.reject(new Error("no processes")) },
  });

  // The stream goes out under the session's call, every message under the call that sends it.
  const client = new Client({ name: "agent33", version: "1" });
  let toldByServer = 0;
  client.setNotificationHandler("notifications/tools/list_changed", () => {
    toldByServer += 1;
  });
  let sending: EgressFetch | undefined;
  const ready = Promise.withResolvers<void>();
  const session = boundary.connector<string, string, never>({
    id: "mcp:test",
    facts: () => facts,
    run: async ({ fetch, signal }: CallContext<string>) => {
      sending = fetch;
      const transport = new StreamableHTTPClientTransport(url, {
        fetch: (to, init) => (init?.method === "GET" ? fetch : (sending ?? fetch))(to, init),
      });
      await client.connect(transport);
      ready.resolve();
      await once(signal, "abort");
      await transport.close();
      return "over";
    },
    timeouts: { attemptMs: longestTimerMs, totalMs: longestTimerMs },
    maxAttempts: 1,
  });
  const tools = boundary.connector<string, unknown, never>({
    id: "mcp:test",
    facts: () => facts,
    run: ({ input, fetch }) => {
      sending = fetch;
      return client.callTool({ name: input, arguments: {} });
    },
    maxAttempts: 1,
  });

  const end = new AbortController();
  const held = session.tryCall("", { ...options, signal: end.signal });
  await ready.promise;
  expect(await tools.call("echo", options)).toMatchObject({ content: [{ text: "echoed" }] });

  // Between two calls the server says something, and cuts the stream.
  const changed = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
  await expect.poll(() => streams.length).toBe(1);
  streams[0]?.write(`data: ${JSON.stringify(changed)}\n\n`);
  await expect.poll(() => toldByServer).toBe(1);
  streams[0]?.end();
  await expect.poll(() => streams.length, { timeout: 5_000 }).toBe(2);
  streams[1]?.write(`data: ${JSON.stringify(changed)}\n\n`);
  await expect.poll(() => toldByServer).toBe(2);
  expect(egressRefusals() - before).toBe(0);

  // With the call the session is over: its stream is ended, and nothing can open another.
  end.abort();
  expect(await held).toMatchObject({ ok: false, error: { kind: "cancelled" } });
  await expect.poll(() => streams[1]?.closed).toBe(true);
  await expect(tools.call("echo", options)).rejects.toThrow();
  expect(streams).toHaveLength(2);
});
