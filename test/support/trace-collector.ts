import { createServer, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface SentSpan {
  readonly spanId: string;
  readonly name: string;
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
  }[];
}

/** A collector of traces on this machine, which can be ended and come back on its port. */
export interface TraceCollector {
  readonly url: string;
  /** Spans by their id, each once. */
  readonly spans: ReadonlyMap<string, SentSpan>;
  readonly headers: readonly IncomingMessage["headers"][];
  /** Spans in all, those that came again too. */
  received(): number;
  /** What it answers from now on; 200 at first. */
  answer(status: number): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

interface Body {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

export async function startTraceCollector(): Promise<TraceCollector> {
  const spans = new Map<string, SentSpan>();
  const headers: IncomingMessage["headers"][] = [];
  let received = 0;
  let status = 200;
  let port = 0;
  let server: Server | undefined;

  const take = async (request: IncomingMessage): Promise<void> => {
    headers.push(request.headers);
    const body = JSON.parse(await text(request)) as Body;
    if (status !== 200) return;
    for (const { scopeSpans } of body.resourceSpans) {
      for (const one of scopeSpans.flatMap((scope) => scope.spans)) {
        received += 1;
        spans.set(one.spanId, one);
      }
    }
  };
  const start = async (): Promise<void> => {
    server = createServer((request, response) => {
      void take(request).then(
        () => response.writeHead(status, { "content-type": "application/json" }).end("{}"),
        (error: unknown) => response.writeHead(400).end(String(error)),
      );
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  };
  await start();
  return {
    get url() {
      return `http://127.0.0.1:${port}/v1/traces`;
    },
    spans,
    headers,
    received: () => received,
    answer: (next) => {
      status = next;
    },
    stop: async () => {
      const ending = server;
      if (ending === undefined) return;
      server = undefined;
      ending.closeAllConnections();
      ending.close();
      await once(ending, "close");
    },
    start,
  };
}
