import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { testBoundary, testPrincipal } from "../../test/support/boundary.ts";
import { grantTests } from "../../test/support/egress.ts";
import { networkError } from "../connectors/http/errors.ts";
import { createEgress } from "./egress/fetch.ts";
import type { CallFacts, ConnectorSpec } from "./types.ts";

grantTests("asks a server of the test", { connect: ["127.0.0.1:*"] });

/**
 * A server that closes connections as one does that found them idle: at the moment when the next
 * request comes over them.
 * @param requestsEach how many requests a connection is good for
 */
async function forgetful(requestsEach: number) {
  const served = new WeakMap<Socket, number>();
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const { socket } = request;
    const before = served.get(socket) ?? 0;
    seen.push(before < requestsEach ? "answered" : "closed");
    if (before >= requestsEach) return void socket.destroy();
    served.set(socket, before + 1);
    response.end("here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/models`, seen };
}

function asked(url: string, facts: Partial<CallFacts> = {}) {
  const egress = createEgress();
  onTestFinished(() => egress.close());
  const hands = { fetch: egress.fetch, spawn: () => Promise.reject(new Error("none")) };
  const made = testBoundary({ hands });
  const spec: ConnectorSpec<string, string> = {
    id: "http:test",
    facts: () => ({
      operation: "list",
      effect: "read",
      repeat: "safe",
      host: "127.0.0.1",
      private: true,
      ...facts,
    }),
    run: async ({ input, fetch, signal }) => {
      const method = facts.effect === "write" ? "POST" : "GET";
      return (await fetch(input, { method, signal })).text();
    },
    mapError: (error) => networkError("the server", error),
    timeouts: { attemptMs: 5_000, totalMs: 10_000 },
    maxAttempts: 1,
  };
  const connector = made.boundary.connector(spec);

  const ask = async () => {
    const outcome = await connector.tryCall(url, { principal: testPrincipal });
    // The connection is free for the next one only when the answer's end was seen.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return outcome;
  };
  return { ...made, ask };
}

test("a read over a connection that the server had given up is tried once more, and both are in the audit", async () => {
  const { url, seen } = await forgetful(1);
  const { ask, audit, boundary } = asked(url);
  expect(await ask()).toMatchObject({ ok: true, value: "here" });
  expect(await ask()).toMatchObject({ ok: true, value: "here" });
  expect(seen).toEqual(["answered", "closed", "answered"]);
  expect(audit.closed.map(({ attempts }) => attempts.map(({ outcome }) => outcome))).toEqual([
    ["ok"],
    ["boundary.transport", "ok"],
  ]);
  // It says nothing of how the server is.
  expect(boundary.breakers()[0]).toMatchObject({ state: "closed", failures: 0 });
});

test("what may be done once only is not", async () => {
  const { url, seen } = await forgetful(1);
  const { ask } = asked(url, { effect: "write", repeat: "once" });
  expect(await ask()).toMatchObject({ ok: true });
  expect(await ask()).toMatchObject({ ok: false, error: { kind: "outcome_unknown" } });
  expect(seen).toEqual(["answered", "closed"]);
});

test("a server that answers nothing at all has no attempt more than it had", async () => {
  const { url, seen } = await forgetful(0);
  const { ask, boundary } = asked(url);
  expect(await ask()).toMatchObject({ ok: false, error: { kind: "transport" } });
  expect(seen).toEqual(["closed"]);
  expect(boundary.breakers()[0]).toMatchObject({ failures: 1 });
});
