import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { testBoundary } from "../../../test/support/boundary.ts";
import { options, read, spec } from "../../../test/support/connector.ts";
import { policyOf } from "../../../test/support/leave.ts";
import { createEgress } from "./fetch.ts";

const nearby = policyOf("allow", 'allow: { connector: "http:*", private: true }');
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Greets whoever connects, and waits. Counts those that are connected. */
async function greeter() {
  const open = new Set<Socket>();
  let greeted = 0;
  const server = createServer((socket) => {
    greeted += 1;
    open.add(socket);
    socket.on("close", () => open.delete(socket)).on("error", () => undefined);
    socket.write("hello\n");
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  cleanups.push(async () => {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  return { port, open, greeted: () => greeted };
}

/** A boundary whose resolver knows one name. */
function governed(policy = nearby, addresses = ["127.0.0.1"]) {
  const egress = createEgress({ resolver: () => Promise.resolve(addresses) });
  cleanups.push(() => egress.close());
  const { boundary } = testBoundary({
    policy,
    hands: {
      fetch: egress.fetch,
      connect: egress.connect,
      spawn: () => Promise.reject(new Error("no processes")),
    },
  });
  const call = (port: number, use: (socket: Duplex) => Promise<string>, signal?: AbortSignal) =>
    boundary
      .connector(
        spec(
          async ({ connect }) => use(await connect("mail.example", port)),
          { ...read, host: "mail.example", port },
          { timeouts: { attemptMs: 20_000, totalMs: 20_000 } },
        ),
      )
      .tryCall("x", { ...options, ...(signal === undefined ? {} : { signal }) });
  return { egress, call };
}

const firstWords = async (socket: Duplex): Promise<string> => {
  const [piece] = (await once(socket, "data")) as [Buffer];
  return piece.toString();
};

const firstEnd = async (socket: Duplex): Promise<string> => {
  socket.resume();
  // `once` rejects with the error that the socket was ended with.
  await once(socket, "close");
  return "closed";
};

describe("a connection of a call", () => {
  test("goes to the address that was checked, is recorded, and ends with its attempt", async () => {
    const { port, open } = await greeter();
    const outcome = await governed().call(port, firstWords);
    expect(outcome).toMatchObject({
      ok: true,
      value: "hello\n",
      record: { connectedTo: [`127.0.0.1:${port}`] },
    });
    await expect.poll(() => open.size).toBe(0);
  });

  test("ends when the caller cancels", async () => {
    const { port, open, greeted } = await greeter();
    const caller = new AbortController();
    const calling = governed().call(port, () => new Promise(() => undefined), caller.signal);
    await expect.poll(greeted).toBe(1);
    caller.abort();
    expect(await calling).toMatchObject({ ok: false, error: { kind: "cancelled" } });
    await expect.poll(() => open.size).toBe(0);
  });

  test("ends, as cancelled, when the engine closes", async () => {
    const { port, open, greeted } = await greeter();
    const { egress, call } = governed();
    const calling = call(port, firstEnd);
    await expect.poll(greeted).toBe(1);
    await egress.close();
    expect(await calling).toMatchObject({
      ok: false,
      error: { kind: "cancelled" },
      record: { attempts: [{ outcome: "boundary.cancelled" }] },
    });
    await expect.poll(() => open.size).toBe(0);
    expect(await call(port, firstWords)).toMatchObject({
      ok: false,
      error: { kind: "cancelled", phase: "before_send" },
    });
    expect(greeted()).toBe(1);
  });

  test("is refused before it is made, where one address of the name is private", async () => {
    const { port, greeted } = await greeter();
    const { call } = governed(policyOf("allow"), ["93.184.215.14", "127.0.0.1"]);
    expect(await call(port, firstWords)).toMatchObject({
      ok: false,
      error: {
        kind: "egress_blocked",
        phase: "before_send",
        message: expect.stringContaining("127.0.0.1"),
      },
    });
    expect(greeted()).toBe(0);
  });

  test("is not to be had once the call is over", async () => {
    const { port, greeted } = await greeter();
    const egress = createEgress();
    cleanups.push(() => egress.close());
    const { boundary } = testBoundary({
      hands: { fetch: egress.fetch, connect: egress.connect, spawn: () => Promise.reject() },
    });
    let late: (() => Promise<Duplex>) | undefined;
    await boundary
      .connector(
        spec(({ connect }) => {
          late = () => connect("127.0.0.1", port);
          return Promise.resolve("done");
        }, read),
      )
      .call("x", options);
    await expect(late?.()).rejects.toMatchObject({ code: "boundary.egress_blocked" });
    expect(greeted()).toBe(0);
  });
});
