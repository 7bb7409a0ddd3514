import { readFileSync } from "node:fs";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { createServer, type RequestListener, type Server } from "node:http";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";
import type { Settings } from "../config/schema.ts";

/** A server that takes requests. */
export interface Listening {
  /** `http://127.0.0.1:3333` */
  readonly address: string;
  /** Takes no more requests; resolves when those in hand are answered. */
  close(): Promise<void>;
  /** Ends connections that are still open. */
  cut(): void;
}

type ServeSettings = Settings["serve"];

/** Milliseconds in which a client has to have sent its headers, and its whole request. */
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 60_000;
/** Milliseconds that a connection may lie idle between two requests. */
const idleMs = 65_000;
const maxHeaderBytes = 16 * 1024;
/** How often a server that closes looks for connections that have become idle. Milliseconds. */
const sweepMs = 50;
/** Connections at once; more wait in the system's queue. */
const maxConnections = 10_000;

/**
 * Refuses to serve other machines in a way that gives keys away.
 * @throws Agent33Error `serve.unsafe`
 */
export function checkSafety(settings: ServeSettings): void {
  const { host, tlsCert, tlsKey, allowPlainRemote, metrics } = settings;
  if (metrics === "open" && !isLoopback(host)) {
    throw new Agent33Error(
      "serve.unsafe",
      `${host} can be reached from other machines, and serve.metrics is open.`,
      {
        hint: "Leave serve.metrics at key, and give Prometheus a key with metrics:read; or listen on 127.0.0.1.",
        details: { host },
      },
    );
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new Agent33Error("serve.unsafe", "TLS needs a certificate and its key.", {
      hint: "Give both serve.tlsCert and serve.tlsKey (--tls-cert, --tls-key), or neither.",
    });
  }
  if (isLoopback(host) || tlsCert !== undefined || allowPlainRemote) return;
  throw new Agent33Error(
    "serve.unsafe",
    `${host} can be reached from other machines, and without TLS everybody on the way could read the keys.`,
    {
      hint: "Give --tls-cert and --tls-key, listen on 127.0.0.1, or say --allow-plain-remote where a proxy in front has TLS.",
      details: { host },
    },
  );
}

/** Whether an address or a name is this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * Listens for requests.
 * @param fetch answers one
 * @param cwd what names of files are relative to
 * @throws Agent33Error `serve.unsafe`, `serve.tls`, `serve.address`
 */
export async function listen(
  settings: ServeSettings,
  fetch: (request: Request, env: unknown) => Response | Promise<Response>,
  cwd: string,
): Promise<Listening> {
  checkSafety(settings);
  const { host, port, tlsCert, tlsKey } = settings;
  const options = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleMs,
    requireHostHeader: true,
  };
  const answer = getRequestListener(fetch, { overrideGlobalObjects: false });
  const listener = (...request: Parameters<typeof answer>): void => {
    // What is thrown in it has been answered already: it gives no rejections.
    void answer(...request);
  };
  const server: Server =
    tlsCert === undefined || tlsKey === undefined
      ? createServer(options, listener)
      : tlsServer({ ...options, ...pemOf(tlsCert, tlsKey, cwd) }, listener);
  server.maxConnections = maxConnections;
  await bound(server, host, port);
  const place = server.address();
  const heardAt = place !== null && typeof place === "object" ? place.port : port;
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return {
    address: `${tlsCert === undefined ? "http" : "https"}://${name}:${heardAt}`,
    close: () =>
      new Promise((done) => {
        // Node closes those that are idle now, and waits for those that become so.
        const sweep = setInterval(() => server.closeIdleConnections(), sweepMs);
        server.close(() => {
          clearInterval(sweep);
          done();
        });
        server.closeIdleConnections();
      }),
    cut: () => server.closeAllConnections(),
  };
}

/** @throws Agent33Error `serve.tls` for what is no certificate, no key, or not its key */
function tlsServer(options: ServerOptions, listener: RequestListener): Server {
  try {
    return createTlsServer(options, listener);
  } catch (cause) {
    throw new Agent33Error("serve.tls", `The TLS files cannot be used: ${messageOf(cause)}.`, {
      hint: "Give a certificate and its key as PEM in serve.tlsCert and serve.tlsKey.",
      cause,
    });
  }
}

function bound(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", (cause) => {
      const why = systemCodeOf(cause) ?? messageOf(cause);
      fail(
        new Agent33Error("serve.address", `Cannot listen on ${host}, port ${port}: ${why}.`, {
          hint: "Choose another with --port (0 takes any that is free) or --host.",
          details: { host, port },
          cause,
        }),
      );
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      done();
    });
  });
}

/** @throws Agent33Error `serve.tls` */
function pemOf(
  cert: string,
  key: string,
  cwd: string,
): { readonly cert: Buffer; readonly key: Buffer } {
  try {
    return { cert: readFileSync(resolve(cwd, cert)), key: readFileSync(resolve(cwd, key)) };
  } catch (cause) {
    throw new Agent33Error("serve.tls", `The TLS files cannot be read: ${messageOf(cause)}.`, {
      hint: "Check serve.tlsCert and serve.tlsKey.",
      cause,
    });
  }
}
