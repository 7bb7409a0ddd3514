import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Servers on this machine, and a file, by which it is seen whether anything left the process. */
export interface Witness {
  /** HTTP, and TCP for whoever connects without speaking it. */
  readonly port: number;
  readonly url: string;
  /** A local socket that speaks HTTP. */
  readonly path: string;
  readonly http2Url: string;
  readonly udpPort: number;
  /** What a program or a worker makes to show that it ran. */
  readonly mark: string;
  /** From now on, what has arrived until now does not count. */
  reset(): void;
  /** Something was seen in another way. */
  saw(): void;
  reached(): boolean;
  /** Waits until something has arrived; where nothing does, as long as a busy machine may take. */
  arrival(): Promise<void>;
  close(): Promise<void>;
}

const longestArrivalMs = 2_000;

export async function startWitness(): Promise<Witness> {
  const folder = mkdtempSync(join(tmpdir(), "agent33-witness-"));
  const mark = join(folder, "mark");
  let seen = 0;
  const note = (): void => {
    seen += 1;
  };
  const http = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    note();
    request.resume();
    const stream = request.headers.accept === "text/event-stream";
    response.writeHead(200, { "content-type": stream ? "text/event-stream" : "text/plain" });
    response.end(stream ? "data: hello\n\n" : "hello");
  });
  http.on("connection", note);
  http.on("upgrade", (request, socket) => {
    note();
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${acceptOf(String(request.headers["sec-websocket-key"]))}\r\n\r\n`,
    );
    socket.on("error", () => socket.destroy());
    socket.on("data", note);
  });
  const local = createNetServer((socket) => {
    note();
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  });
  const http2 = createHttp2Server((_, response) => {
    note();
    response.end("hello");
  });
  http2.on("session", note);
  const udp = createSocket("udp4").on("message", note);
  const path = join(folder, "socket");
  http.listen(0, "127.0.0.1");
  local.listen(path);
  http2.listen(0, "127.0.0.1");
  udp.bind(0, "127.0.0.1");
  await Promise.all([http, local, http2, udp].map((server) => once(server, "listening")));
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
  let before = 0;
  const reached = (): boolean => seen > before || existsSync(mark);
  return {
    port: portOf(http),
    url: `http://127.0.0.1:${portOf(http)}`,
    path,
    http2Url: `http://127.0.0.1:${portOf(http2)}`,
    udpPort: portOf(udp),
    mark,
    reset: () => {
      before = seen;
    },
    saw: note,
    reached,
    arrival: async () => {
      for (let waited = 0; waited < longestArrivalMs && !reached(); waited += 10) await sleep(10);
    },
    close: async () => {
      http.closeAllConnections();
      for (const server of [http, local, http2, udp]) server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** RFC 6455, section 4.2.2. */
function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
