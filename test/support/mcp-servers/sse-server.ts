import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface SseServer {
  readonly url: string;
  readonly received: readonly Message[];
  readonly headers: readonly IncomingHttpHeaders[];
  /** The streams on which the server speaks, one a session. */
  readonly streams: readonly ServerResponse[];
}

const results: Readonly<Record<string, (message: Message) => unknown>> = {
  initialize: () => ({
    protocolVersion: "2024-11-05",
    capabilities: { tools: {} },
    serverInfo: { name: "sse", version: "1" },
  }),
  "tools/list": () => ({ tools: [{ name: "echo", inputSchema: { type: "object" } }] }),
  "tools/call": ({ params }) => ({
    content: [{ type: "text", text: JSON.stringify(params?.["arguments"]) }],
  }),
};

/**
 * An MCP server over HTTP with server-sent events, as the specification of 2024 has it.
 * @param instead answers a request in another way and returns true
 */
export async function startSseServer(
  instead: (
    request: { readonly method: string; readonly message: Message },
    response: ServerResponse,
    stream: ServerResponse | undefined,
  ) => boolean = () => false,
): Promise<SseServer> {
  const received: Message[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const streams: ServerResponse[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const message = (body === "" ? {} : JSON.parse(body)) as Message;
      headers.push(request.headers);
      if (body !== "") received.push(message);
      const { method = "" } = request;
      const stream = streams.at(-1);
      if (instead({ method, message }, response, stream)) return;
      if (method === "GET") {
        streams.push(response);
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("event: endpoint\ndata: /message?session=1\n\n");
        return;
      }
      response.writeHead(202).end();
      if (message.id === undefined || message.method === undefined) return;
      const result = results[message.method]?.(message);
      const answer = { jsonrpc: "2.0", id: message.id, result };
      stream?.write(`event: message\ndata: ${JSON.stringify(answer)}\n\n`);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/sse`, received, headers, streams };
}
