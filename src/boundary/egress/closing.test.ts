import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { anywhere } from "../../../test/support/boundary.ts";
import { testsInsideACall } from "../../../test/support/egress.ts";
import { startCounting } from "../../../test/support/leave.ts";
import { createEgress } from "./fetch.ts";

testsInsideACall();

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** A server that never ends its answers, and how many connections it has. */
async function endless() {
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => {
    response.write("and so on");
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { sockets, port: (server.address() as AddressInfo).port };
}

test("closing ends every connection, those too whose answers nobody reads", async () => {
  const { sockets, port } = await endless();
  // More origins than are kept, so that some are forgotten while their requests are on the way.
  const names = Array.from({ length: 100 }, (_, at) => `n${at}.test`);
  const egress = createEgress({ resolver: async () => ["127.0.0.1"] });
  const answers = await Promise.all(
    names.map((name) => egress.fetch(`http://${name}:${port}/`, undefined, anywhere)),
  );
  expect(sockets.size).toBe(100);
  const reading = answers[0]?.text().catch((error: unknown) => error);
  await egress.close();
  await expect.poll(() => sockets.size).toBe(0);
  expect(await reading).toBeInstanceOf(Error);
});

test("closing leaves nothing that could be opened again", async () => {
  const server = await startCounting();
  open.push(server.close);
  const egress = createEgress();
  await egress.close();
  const late = egress.fetch(`http://127.0.0.1:${server.port}/`, undefined, anywhere);
  await expect(late).rejects.toMatchObject({ code: "boundary.cancelled", phase: "before_send" });
  expect(server.connections()).toBe(0);
});

test("closing tells a request that is on its way that it was cancelled", async () => {
  const server = await startCounting(() => {});
  open.push(server.close);
  const { fetch, close } = createEgress();
  const waiting = fetch(`http://127.0.0.1:${server.port}/`, undefined, anywhere);
  const told = expect(waiting).rejects.toMatchObject({ cause: { code: "boundary.cancelled" } });
  await expect.poll(() => server.seen.length).toBe(1);
  await close();
  await told;
});
