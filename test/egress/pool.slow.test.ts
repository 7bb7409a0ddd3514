import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent, type Dispatcher, fetch as undiciFetch } from "undici";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { createEgress } from "../../src/boundary/egress/fetch.ts";
import { egressRefusals } from "../../src/boundary/egress/guard.ts";
import type { GovernedFetch } from "../../src/boundary/hands.ts";
import type { CallFacts } from "../../src/boundary/types.ts";
import { anywhere, testBoundary, testPrincipal } from "../support/boundary.ts";

/**
 * A server that keeps its clients' pools busy: it closes connections with an answer, after one, and
 * without one, so that pools connect again in the middle of whatever happens to run.
 */
let server: Server;
let url: string;
/** The most connections that it had at one time. */
let mostOpen = 0;
const random = seededRandom(41);
beforeEach(async () => {
  server = createServer((request, response) => {
    const dice = random.next();
    if (dice < 0.1) response.setHeader("connection", "close");
    response.end("hello");
    if (dice > 0.9) setTimeout(() => request.socket.destroy(), 3);
  });
  let open = 0;
  mostOpen = 0;
  server.on("connection", (socket) => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    socket.once("close", () => {
      open -= 1;
    });
  });
  // Room for all that knock at once: who finds none tries again after seconds.
  server.listen({ port: 0, host: "127.0.0.1", backlog: 2_048 });
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const facts: CallFacts = { operation: "get", effect: "read", repeat: "safe", host: "127.0.0.1" };

/** Makes calls at once, in three kinds of connectors, and gives the codes of those that failed. */
async function callAtOnce(fetch: GovernedFetch, count: number): Promise<readonly string[]> {
  const { boundary } = testBoundary({
    hands: { fetch, spawn: () => Promise.reject(new Error("no processes in this test")) },
  });
  const connectors = ["http:a", "http:b", "web:c"].map((id) =>
    boundary.connector<string, string, never>({
      id,
      facts: () => facts,
      run: async (context) => (await context.fetch(context.input)).text(),
      maxConcurrent: count,
      // What the server cut is not what is looked at here; nothing is tried again for it.
      maxAttempts: 1,
    }),
  );
  const outcomes = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      connectors[index % 3]!.tryCall(`${url}/${index}`, { principal: testPrincipal }),
    ),
  );
  return outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.code]));
}

const through =
  (dispatcher: Dispatcher): GovernedFetch =>
  (input, init) =>
    undiciFetch(input as string, {
      ...(init as object),
      dispatcher,
    }) as unknown as Promise<Response>;

test.each([
  ["as it is", 256, 1, {}],
  ["of 8 connections, three times", 8, 3, { connectionsPerOrigin: 8 }],
] as const)(
  "1,000 calls at once over the boundary's own pool %s: none is refused",
  async (_, most, rounds, options) => {
    const before = egressRefusals();
    const egress = createEgress(options);
    for (let round = 0; round < rounds; round += 1) {
      const failed = await callAtOnce(egress.fetch, 1_000);
      expect(failed).not.toContain("boundary.egress_blocked");
      // The server cuts some of them; most must have come through for this to mean anything.
      expect(failed.length).toBeLessThan(300);
    }
    await egress.close();
    expect(egressRefusals() - before).toBe(0);
    expect(mostOpen).toBeLessThanOrEqual(most);
    expect(mostOpen).toBeGreaterThan(most / 4);
  },
);

test("without the boundary's marks such a pool loses track of who asked, so these tests can fail", async () => {
  const before = egressRefusals();
  const agent = new Agent({ connections: 8 });
  const failed = await callAtOnce(through(agent), 300);
  await agent.destroy();
  expect(egressRefusals() - before).toBeGreaterThan(20);
  expect(failed).toContain("boundary.egress_blocked");
});

test("outside of a call the boundary's fetch sends nothing, over an open connection neither", async () => {
  const egress = createEgress();
  expect(await callAtOnce(egress.fetch, 1)).toEqual([]);
  let requests = 0;
  server.on("request", () => {
    requests += 1;
  });
  const error = await egress.fetch(url, undefined, anywhere).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ cause: { code: "boundary.egress_blocked" } });
  await egress.close();
  expect(requests).toBe(0);
});
