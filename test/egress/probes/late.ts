import { createHook } from "node:async_hooks";
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as undici from "undici";
import type { InsideCall, Probe } from "./probe.ts";
import { connectWith, type RawTcp } from "./processes.ts";
import type { Witness } from "./witness.ts";

/** A probe that begins inside of a call and connects when the call is over. */
function afterTheCall(name: string, later: (connect: () => void) => void): Probe {
  return {
    name,
    go: ({ port }) => connecting(later, port).done,
    outside: async ({ port }, inside) => {
      let done: Promise<void> | undefined;
      await inside(async () => {
        ({ done } = connecting(later, port));
      });
      await done;
    },
  };
}

/** Wrapped, because a promise that is returned would be waited for. */
function connecting(
  later: (connect: () => void) => void,
  port: number,
): { readonly done: Promise<void> } {
  const done = new Promise<void>((resolve, reject) => {
    later(() => {
      const socket = net.connect(port, "127.0.0.1");
      socket.once("error", reject).once("connect", () => {
        socket.destroy();
        resolve();
      });
    });
  });
  // Whoever started it waits for it later.
  done.catch(() => undefined);
  return { done };
}

/** A probe that uses once more, outside, what was opened inside. */
function reuse<T>(
  name: string,
  open: (witness: Witness) => T,
  use: (opened: T, witness: Witness) => Promise<unknown>,
): Probe {
  const inOrder = async (witness: Witness, around: InsideCall): Promise<void> => {
    const opened = open(witness);
    await around(() => use(opened, witness));
    // The connection goes back to its pool.
    await sleep(20);
    witness.reset();
    await use(opened, witness);
  };
  return {
    name,
    go: (witness) => inOrder(witness, (work) => work()),
    outside: inOrder,
  };
}

async function getWith(agent: http.Agent, { url }: Witness): Promise<void> {
  const [response] = (await once(http.get(url, { agent }), "response")) as [http.IncomingMessage];
  await once(response.resume(), "end");
}

async function http2Get(session: http2.ClientHttp2Session): Promise<void> {
  const stream = session.request({ ":path": "/" });
  await once(stream.resume(), "end");
}

/** Known ways through: each is named in the documentation, so that nobody relies on the guard there. */
const through = (because: string) => ({ expect: { outside: "through" }, because }) as const;

export const lateProbes: readonly Probe[] = [
  afterTheCall("a promise that nobody waited for", (connect) => {
    void sleep(40).then(connect);
  }),
  afterTheCall("setTimeout after the call", (connect) => void setTimeout(connect, 40)),
  afterTheCall("setInterval after the call", (connect) => {
    const timer = setInterval(() => {
      clearInterval(timer);
      connect();
    }, 40);
  }),
  afterTheCall("an event after the call", (connect) => {
    const events = new EventEmitter().once("later", connect);
    setTimeout(() => events.emit("later"), 40);
  }),
  reuse("a kept connection of http.Agent", () => new http.Agent({ keepAlive: true }), getWith),
  reuse(
    "a kept connection of fetch",
    () => undefined,
    async (_, { url }) => (await fetch(url)).text(),
  ),
  reuse(
    "a kept connection of undici's Pool",
    ({ url }) => new undici.Pool(url, { connections: 1 }),
    async (pool) => (await pool.request({ path: "/", method: "GET" })).body.text(),
  ),
  {
    name: "an open HTTP/2 session",
    go: async ({ http2Url }) => {
      const session = http2.connect(http2Url);
      await http2Get(session).finally(() => session.close());
    },
    outside: async (witness, inside) => {
      const box: { session?: http2.ClientHttp2Session } = {};
      await inside(async () => {
        box.session = http2.connect(witness.http2Url);
        await http2Get(box.session);
      });
      witness.reset();
      const { session } = box;
      if (session === undefined) throw new Error("no session");
      await http2Get(session).finally(() => session.destroy());
    },
  },
  {
    name: "writing to a socket that a call left open",
    ...through("a write opens nothing; a connector that leaves a socket open has to guard its use"),
    go: (witness) => writing(witness, (work) => work()),
    outside: writing,
  },
  {
    name: "writing to a web socket that a call left open",
    ...through("as above"),
    go: (witness) => messaging(witness, (work) => work()),
    outside: messaging,
  },
  {
    name: "writing to a program that a call left running",
    ...through("as above; MCP servers on pipes live so, and each call to one is governed"),
    go: (witness) => telling(witness, (work) => work()),
    outside: telling,
  },
  {
    name: "a program that a call left running connects",
    ...through(
      "the guard is one process's; a program is governed by what may start it, and boxed in by the sandbox",
    ),
    go: ({ port }) => starting(port, (work) => work()),
    outside: ({ port }, inside) => starting(port, inside),
  },
  {
    name: "the classes behind an open handle",
    ...through(
      "whoever digs for Node's inner classes means to get around; against that there is the sandbox",
    ),
    go: (witness) => digging(witness, (work) => work()),
    outside: digging,
  },
  {
    name: "what was taken from net before the guard was loaded",
    ...through("so the guard is loaded first"),
    flags: ["--require", fileURLToPath(new URL("captured.cjs", import.meta.url))],
    go: ({ port }) => {
      const { connect } = globalThis as unknown as { connect(this: net.Socket, to: object): void };
      const socket = new net.Socket();
      connect.call(socket, { port, host: "127.0.0.1" });
      return once(socket, "connect").finally(() => socket.destroy());
    },
  },
  {
    name: "answering whoever connects to this process",
    ...through("listening opens nothing outwards; what may listen is the HTTP door's matter"),
    go: async (witness) => {
      const server = net.createServer((socket) => socket.end("secret")).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as net.AddressInfo;
      // Another process asks.
      await witnessAsks(witness, port);
      server.close();
    },
    outside: async (witness, inside) => {
      const server = net.createServer((socket) => socket.end("secret")).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as net.AddressInfo;
      await inside(() => witnessAsks(witness, port));
      server.close();
    },
  },
];

async function witnessAsks(witness: Witness, port: number): Promise<void> {
  const text = `require("node:net").connect(${port}, "127.0.0.1").on("data", (data) => {
    require("node:fs").writeFileSync(${JSON.stringify(witness.mark)}, data); process.exit(); });`;
  await once(spawn(process.execPath, ["-e", text]), "exit");
}

async function writing(witness: Witness, around: InsideCall): Promise<void> {
  const box: { socket?: net.Socket } = {};
  await around(async () => {
    box.socket = net.connect(witness.port, "127.0.0.1");
    await once(box.socket, "connect");
  });
  witness.reset();
  box.socket?.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await witness.arrival();
  box.socket?.destroy();
}

async function messaging(witness: Witness, around: InsideCall): Promise<void> {
  const box: { socket?: WebSocket } = {};
  await around(async () => {
    const socket = new WebSocket(witness.url.replace("http", "ws"));
    box.socket = socket;
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
  });
  witness.reset();
  box.socket?.send("secret");
  await witness.arrival();
  box.socket?.close();
}

async function telling(witness: Witness, around: InsideCall): Promise<void> {
  const box: { child?: ReturnType<typeof spawn> } = {};
  await around(async () => {
    box.child = spawn("sh", ["-c", `read -r line; touch "$line"`], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    await once(box.child, "spawn");
  });
  const { child } = box;
  if (child === undefined) throw new Error("no child");
  child.stdin?.write(`${witness.mark}\n`);
  await once(child, "exit");
}

async function starting(port: number, around: InsideCall): Promise<void> {
  const box: { child?: ReturnType<typeof spawn> } = {};
  await around(async () => {
    const text = `setTimeout(() => require("node:net").connect(${port}, "127.0.0.1").on("connect", () => process.exit()), 40)`;
    box.child = spawn(process.execPath, ["-e", text]);
    await once(box.child, "spawn");
  });
  if (box.child !== undefined) await once(box.child, "exit");
}

async function digging(witness: Witness, around: InsideCall): Promise<void> {
  const found = new Map<string, unknown>();
  const hook = createHook({
    init: (_, type, __, resource) => {
      found.set(type, resource.constructor);
    },
  }).enable();
  await around(async () => {
    const socket = net.connect(witness.port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
  });
  hook.disable();
  witness.reset();
  await connectWith(
    found.get("TCPWRAP") as RawTcp["TCP"],
    found.get("TCPCONNECTWRAP") as RawTcp["TCPConnectWrap"],
    witness.port,
  );
  await witness.arrival();
}
