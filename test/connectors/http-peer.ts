import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Peer, PeerBehaviour } from "./peer.ts";

export interface HttpAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Whether the connection breaks after the body, which was to be longer. */
  readonly breaksOff?: boolean;
}

export interface HttpRequestSeen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface HttpPeer extends Peer {
  readonly port: number;
  readonly url: string;
  readonly requests: readonly HttpRequestSeen[];
}

/** How a service of its own kind has these faults, where it does not have them as most do. */
export type ServiceFaults = Partial<
  Record<
    "failing" | "busy" | "refusing" | "cut" | "malformed",
    (request: HttpRequestSeen) => HttpAnswer
  >
>;

/**
 * Answers well by `answer`, and otherwise as it is told to misbehave. Runs on loopback.
 * @param concerns which requests misbehave and are counted, where a connector needs others before
 */
export async function httpPeer(
  answer: (request: HttpRequestSeen) => HttpAnswer | Promise<HttpAnswer>,
  faults: ServiceFaults = {},
  concerns: (request: HttpRequestSeen) => boolean = () => true,
): Promise<HttpPeer> {
  let behaviour: PeerBehaviour = "well";
  let sentBytes = 0;
  let silences = 0;
  const requests: HttpRequestSeen[] = [];
  const open = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    open.add(response);
    response.on("close", () => open.delete(response));
    void bodyOf(request).then(async (body) => {
      const { method = "", url: path = "", headers } = request;
      const seen = { method, path, headers, body };
      requests.push(seen);
      await reply(seen, response);
    });
  });
  const send = (
    response: ServerResponse,
    { status = 200, headers = {}, body = "", breaksOff = false }: HttpAnswer,
  ) => {
    if (breaksOff) {
      response.writeHead(status, { "content-length": "100000", ...headers });
      response.write(body);
      setTimeout(() => response.destroy(), 20);
      return;
    }
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(body);
  };
  const reply = async (seen: HttpRequestSeen, response: ServerResponse): Promise<void> => {
    const good = await answer(seen);
    if (!concerns(seen)) return send(response, good);
    const type = good.headers?.["content-type"] ?? "application/json";
    if (behaviour !== "well" && behaviour !== "silent" && behaviour !== "huge") {
      const own = faults[behaviour]?.(seen);
      if (own !== undefined) return send(response, own);
    }
    switch (behaviour) {
      case "well":
        return send(response, good);
      case "failing":
        return send(response, { status: 503, body: '{"error":"down for a moment"}' });
      case "busy":
        return send(response, { status: 429, headers: { "retry-after": "2" }, body: "{}" });
      case "refusing":
        return send(response, { status: 401, body: '{"error":"who are you?"}' });
      case "silent":
        silences += 1;
        return;
      case "cut":
        return send(response, { headers: { "content-type": type }, body: "{", breaksOff: true });
      case "malformed":
        response.writeHead(200, { "content-type": type });
        response.end(Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x00, 0x5d, 0x0a));
        return;
      case "huge": {
        response.writeHead(200, { "content-type": type });
        const piece = Buffer.alloc(64 * 1024, "[");
        const pump = (): void => {
          while (!response.destroyed) {
            sentBytes += piece.length;
            if (!response.write(piece)) break;
          }
        };
        response.on("drain", pump);
        pump();
      }
    }
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    requests,
    get seen() {
      return requests.filter(concerns).length;
    },
    get held() {
      return open.size;
    },
    get silences() {
      return silences;
    },
    get sentBytes() {
      return sentBytes;
    },
    behave: (next) => {
      behaviour = next;
    },
    close: () =>
      new Promise((resolve) => {
        for (const response of open) response.destroy();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}
