import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { ProtocolError } from "@modelcontextprotocol/client";
import { onTestFinished } from "vitest";

/** What was sent to a {@link startHttpServer}. */
export interface Received {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
  readonly message: {
    readonly id?: number | string;
    readonly method?: string;
    readonly params?: Record<string, unknown>;
  };
}

export interface ScriptedHttpServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** The streams on which the server may speak by itself. */
  readonly streams: readonly ServerResponse[];
  close(): Promise<void>;
}

type Answer = (request: Received, response: ServerResponse) => unknown;

/**
 * An MCP server over streamable HTTP whose answers a test writes: a value is the result of the
 * request, undefined leaves it to the usual answers; what writes to the response itself returns null.
 */
export async function startHttpServer(
  answer: Answer = () => undefined,
): Promise<ScriptedHttpServer> {
  const received: Received[] = [];
  const streams: ServerResponse[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const isJson = request.headers["content-type"] === "application/json" && body !== "";
    const message = isJson ? (JSON.parse(body) as Received["message"]) : {};
    const { method = "", url: path = "", headers } = request;
    const seen = { method, path, body, headers, message };
    received.push(seen);
    const result = (await answer(seen, response)) ?? (response.headersSent ? null : usual(seen));
    if (result === null || response.headersSent || response.writableEnded) return;
    if (request.method === "GET") {
      streams.push(response);
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      return;
    }
    if (message.id === undefined || message.method === undefined) {
      response.writeHead(202).end();
      return;
    }
    response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "one" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, ...rpcBody(result) }));
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/mcp`, received, streams, close };
}

function rpcBody(result: unknown): object {
  if (result instanceof ProtocolError) {
    return { error: { code: result.code, message: result.message } };
  }
  return result === unknownMethod
    ? { error: { code: -32_601, message: "Method not found" } }
    : { result };
}

const unknownMethod = Symbol("unknown method");

const usualAnswers: Readonly<Record<string, (params: Record<string, unknown>) => unknown>> = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: "scripted", version: "1" },
  }),
  "tools/list": () => ({
    tools: [{ name: "echo", description: "", inputSchema: { type: "object" } }],
  }),
  "tools/call": (params) => ({
    content: [{ type: "text", text: JSON.stringify(params["arguments"]) }],
  }),
};

function usual({ message }: Received): unknown {
  const answer = usualAnswers[message.method ?? ""];
  return answer === undefined ? unknownMethod : answer(message.params ?? {});
}
