import { createServer, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

interface SentSpan {
  readonly spanId: string;
  readonly name: string;
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
  }[];
}

interface CollectorWords {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Spans of one request above which it says 413, whatever else it would say. */
  readonly mostSpans?: number;
  /** Whether it says 415 to what is compressed. */
  readonly plainOnly?: boolean;
}

/** A collector of traces on this machine, which can be ended and come back on its port. */
export interface TraceCollector {
  readonly url: string;
  /** Spans by their id, each once. */
  readonly spans: ReadonlyMap<string, SentSpan>;
  readonly headers: readonly IncomingMessage["headers"][];
  /** Spans in all, those that came again too. */
  received(): number;
  /** What it answers from now on; 200 and `{}` at first. What it answers with 200 it has taken. */
  answer(status: number, how?: CollectorWords): void;
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
  let words: CollectorWords = {};
  let port = 0;
  let server: Server | undefined;

  /** @returns the status to answer with */
  const take = async (request: IncomingMessage): Promise<number> => {
    headers.push(request.headers);
    const bytes = await buffer(request);
    const zipped = request.headers["content-encoding"] === "gzip";
    if (zipped && words.plainOnly === true) return 415;
    const body = JSON.parse((zipped ? gunzipSync(bytes) : bytes).toString("utf8")) as Body;
    const sent = body.resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap((scope) => scope.spans),
    );
    if (sent.length > (words.mostSpans ?? Number.POSITIVE_INFINITY)) return 413;
    if (status !== 200) return status;
    for (const one of sent) {
      received += 1;
      spans.set(one.spanId, one);
    }
    return 200;
  };
  const start = async (): Promise<void> => {
    server = createServer((request, response) => {
      void take(request).then(
        (said) =>
          response
            .writeHead(said, { "content-type": "application/json", ...words.headers })
            .end(words.body ?? "{}"),
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
    answer: (next, how = {}) => {
      status = next;
      words = how;
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
