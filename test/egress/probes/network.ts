import { createSocket } from "node:dgram";
import dns from "node:dns";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import vm from "node:vm";
import * as undici from "undici";
import type { Probe } from "./probe.ts";
import type { Witness } from "./witness.ts";

/** Resolves once connected, rejects with the socket's error. */
async function connected(socket: net.Socket): Promise<void> {
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

async function answered(request: http.ClientRequest): Promise<void> {
  const [response] = (await once(request.end(), "response")) as [http.IncomingMessage];
  await once(response.resume(), "end");
}

/** The request needs the certificate of nobody: that it arrives is all that counts. */
async function arrives(witness: Witness, socketOrRequest: NodeJS.EventEmitter): Promise<void> {
  const error = await new Promise<unknown>((resolve) => {
    socketOrRequest.once("error", resolve);
  });
  if (!witness.reached()) throw error;
}

export const networkProbes: readonly Probe[] = [
  { name: "net.connect", go: ({ port }) => connected(net.connect(port, "127.0.0.1")) },
  { name: "net.connect to a name", go: ({ port }) => connected(net.connect(port, "localhost")) },
  {
    name: "new net.Socket().connect",
    go: ({ port }) => connected(new net.Socket().connect({ port, host: "127.0.0.1" })),
  },
  { name: "net.connect to a local socket", go: ({ path }) => connected(net.connect(path)) },
  {
    name: "net of process.getBuiltinModule",
    go: ({ port }) => connected(process.getBuiltinModule("node:net").connect(port, "127.0.0.1")),
  },
  {
    name: "net in a vm context",
    go: ({ port }) =>
      connected(vm.runInNewContext(`net.connect(${port}, "127.0.0.1")`, { net }) as net.Socket),
  },
  {
    name: "tls.connect",
    go: (witness) => arrives(witness, tls.connect(witness.port, "127.0.0.1")),
  },
  { name: "http.get", go: ({ url }) => answered(http.get(url)) },
  {
    name: "http.request, agent: false",
    go: ({ url }) => answered(http.request(url, { agent: false })),
  },
  {
    name: "http.request, an agent of one's own",
    go: ({ url }) => answered(http.request(url, { agent: new http.Agent() })),
  },
  {
    name: "http.request, createConnection",
    go: ({ url, port }) =>
      answered(http.request(url, { createConnection: () => net.connect(port, "127.0.0.1") })),
  },
  {
    name: "http.request over a local socket",
    go: ({ path }) => answered(http.request({ socketPath: path })),
  },
  {
    name: "https.get",
    go: (witness) => arrives(witness, https.get(`https://127.0.0.1:${witness.port}`)),
  },
  {
    name: "http2.connect",
    go: async ({ http2Url }) => {
      const session = http2.connect(http2Url);
      const failed = once(session, "error").then(([error]) => Promise.reject(error as Error));
      await Promise.race([once(session, "connect"), failed]).finally(() => session.destroy());
    },
  },
  { name: "fetch", go: async ({ url }) => (await fetch(url)).text() },
  {
    name: "fetch in a vm",
    go: async ({ url }) => {
      const fetched = vm.runInThisContext(`fetch(${JSON.stringify(url)})`) as Promise<Response>;
      await (await fetched).text();
    },
  },
  {
    name: "undici.request",
    go: async ({ url }) => (await undici.request(url)).body.text(),
  },
  {
    name: "undici.request, an Agent of one's own",
    go: async ({ url }) =>
      (await undici.request(url, { dispatcher: new undici.Agent() })).body.text(),
  },
  {
    name: "undici.fetch",
    go: async ({ url }) => (await undici.fetch(url)).text(),
  },
  {
    name: "undici.stream of a Pool",
    go: async ({ url }) => {
      const pool = new undici.Pool(url, { connections: 1 });
      await (await pool.request({ path: "/", method: "GET" })).body.text();
    },
  },
  {
    name: "undici.Client",
    go: async ({ url }) => {
      const client = new undici.Client(url);
      await (await client.request({ path: "/", method: "GET" })).body.text();
    },
  },
  {
    name: "WebSocket",
    go: (witness) => opened(new WebSocket(witness.url.replace("http", "ws")), witness),
  },
  {
    name: "EventSource",
    flags: ["--experimental-eventsource"],
    go: (witness) => opened(new EventSource(witness.url), witness),
  },
  {
    name: "dgram send",
    go: (witness) =>
      sent(witness, (socket, done) => socket.send("x", witness.udpPort, "127.0.0.1", done)),
  },
  {
    name: "dgram connect, then send",
    go: (witness) =>
      sent(witness, (socket, done) => {
        socket.on("error", done);
        socket.connect(witness.udpPort, "127.0.0.1", () => socket.send("x", done));
      }),
  },
  {
    name: "dns.lookup",
    go: (witness) =>
      looked(witness, (resolve) => dns.lookup("nowhere.invalid", (error) => resolve(error))),
  },
  {
    name: "dns.promises.lookup",
    go: (witness) =>
      looked(witness, (resolve) => void dns.promises.lookup("nowhere.invalid").catch(resolve)),
  },
  {
    name: "dns.lookupService",
    go: (witness) =>
      looked(witness, (resolve) => dns.lookupService("192.0.2.1", 9, (error) => resolve(error))),
  },
  {
    name: "dns.resolve4",
    go: (witness) => {
      dns.setServers([`127.0.0.1:${witness.udpPort}`]);
      return asked(witness, (resolve) => dns.resolve4("secret.example", resolve));
    },
  },
  {
    name: "dns.promises.resolveTxt",
    go: (witness) => {
      dns.promises.setServers([`127.0.0.1:${witness.udpPort}`]);
      return asked(
        witness,
        (resolve) => void dns.promises.resolveTxt("secret.example").catch(resolve),
      );
    },
  },
  {
    name: "dns.reverse",
    go: (witness) => {
      dns.setServers([`127.0.0.1:${witness.udpPort}`]);
      return asked(witness, (resolve) => dns.reverse("192.0.2.1", resolve));
    },
  },
  {
    name: "new dns.Resolver",
    go: (witness) => {
      const resolver = new dns.Resolver();
      resolver.setServers([`127.0.0.1:${witness.udpPort}`]);
      return asked(witness, (resolve) => resolver.resolve4("secret.example", resolve));
    },
  },
  {
    name: "new dns.promises.Resolver",
    go: (witness) => {
      const resolver = new dns.promises.Resolver();
      resolver.setServers([`127.0.0.1:${witness.udpPort}`]);
      return asked(witness, (resolve) => void resolver.resolveAny("secret.example").catch(resolve));
    },
  },
];

/** An event source or a web socket; its own error says nothing, so that the refusals are counted. */
async function opened(source: EventTarget & { close(): void }, witness: Witness): Promise<void> {
  const event = await new Promise<Event>((resolve) => {
    for (const name of ["open", "error"]) source.addEventListener(name, resolve);
  });
  source.close();
  if (event.type === "error" && !witness.reached()) throw refusedSilently;
}

/** Stands for the guard's error where an interface swallows it; the child counts its refusals. */
export const refusedSilently = new Error("refused, but the interface does not say by whom");

async function sent(
  witness: Witness,
  send: (socket: ReturnType<typeof createSocket>, done: (error?: Error | null) => void) => void,
): Promise<void> {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      send(socket, (error) => (error instanceof Error ? reject(error) : resolve()));
    });
    await witness.arrival();
  } finally {
    socket.close();
  }
}

/** No server of ours can be asked by this way: an answer of the system's shows that it was let out. */
async function looked(
  witness: Witness,
  look: (resolve: (error: unknown) => void) => void,
): Promise<void> {
  const error = await new Promise<unknown>(look);
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || error === null) witness.saw();
  throw error;
}

/** Nobody answers the question; that it arrives is all that counts. */
async function asked(
  witness: Witness,
  ask: (resolve: (error: unknown) => void) => void,
): Promise<void> {
  const failed = new Promise<unknown>(ask);
  const error = await Promise.race([failed, witness.arrival()]);
  if (error !== undefined) throw error;
}
