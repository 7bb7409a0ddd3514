import { afterEach, describe, expect, test } from "vitest";
import { testBoundary } from "../../test/support/boundary.ts";
import { options } from "../../test/support/connector.ts";
import {
  type CountingServer,
  defaultPolicy,
  leaveFor,
  policyOf,
  startCounting,
} from "../../test/support/leave.ts";
import { createEgress } from "./egress/fetch.ts";
import { BoundaryError } from "./errors.ts";
import type { CompiledPolicy } from "./policy/policy.ts";
import type { CallFacts, ConnectorSpec } from "./types.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function serve(...given: Parameters<typeof startCounting>): Promise<CountingServer> {
  const server = await startCounting(...given);
  open.push(() => server.close());
  return server;
}

/** A boundary under a policy, over the real egress, with a name server that knows these names. */
function boundaryUnder(policy: CompiledPolicy, names: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const egress = createEgress({
    resolver: async (name) => {
      asked.push(name);
      return names[name] ?? [];
    },
  });
  open.push(() => egress.close());
  const parts = testBoundary({
    policy,
    breaker: { minimumAttempts: 1 },
    hands: { fetch: egress.fetch, spawn: () => Promise.reject(new Error("no processes")) },
  });
  return { ...parts, asked };
}

/** A connector that fetches an address, and then where a redirect points to, as a careless one would. */
function fetcher(id: string, facts: Partial<CallFacts> = {}): ConnectorSpec<string, string> {
  return {
    id,
    facts: (url) => {
      const { hostname, port } = new URL(url);
      const where = { host: hostname, port: Number(port === "" ? 80 : port) };
      return { operation: "http.get", effect: "read", repeat: "safe", ...where, ...facts };
    },
    run: async ({ input, fetch, signal }) => {
      const first = await fetch(input, { signal });
      const location = first.headers.get("location");
      if (location === null) return first.text();
      await first.body?.cancel();
      return (await fetch(new URL(location, input), { signal })).text();
    },
    timeouts: { attemptMs: 5_000, totalMs: 5_000 },
  };
}

describe("a call under the default pack", () => {
  test("reaches a model server on this machine, by address and by name, and says where it went", async () => {
    const server = await serve();
    const { boundary, audit } = boundaryUnder(defaultPolicy, { "gpu.lan": ["127.0.0.1"] });
    const model = boundary.connector(fetcher("model:openai-compatible", { operation: "chat" }));
    expect(await model.call(`http://127.0.0.1:${server.port}/v1`, options)).toBe("here");
    expect(await model.call(`http://gpu.lan:${server.port}/v1`, options)).toBe("here");
    const place = `127.0.0.1:${server.port}`;
    expect(audit.closed.map(({ connectedTo }) => connectedTo)).toEqual([[place], [place]]);
  });

  test("is refused where its name turns out to be private: not sent, not tried again, nobody's fault", async () => {
    const server = await serve();
    const { boundary, audit, asked } = boundaryUnder(defaultPolicy, { "wiki.test": ["127.0.0.1"] });
    const web = boundary.connector(fetcher("web:fetch"));
    const outcome = await web.tryCall(`http://wiki.test:${server.port}/`, options);
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        code: "boundary.egress_blocked",
        phase: "before_send",
        retryable: false,
        countsAgainstBreaker: false,
        ruleId: "egress/private-address",
        message: expect.stringContaining("which is 127.0.0.1"),
      },
    });
    expect(audit.closed[0]).toMatchObject({
      outcome: "boundary.egress_blocked",
      decision: { effect: "allow" },
      attempts: [{ outcome: "boundary.egress_blocked" }],
    });
    expect(audit.closed[0]).not.toHaveProperty("connectedTo");
    expect(boundary.breakers()[0]).toMatchObject({ state: "closed", failures: 0 });
    expect([asked, server.connections()]).toEqual([["wiki.test"], 0]);
  });

  test("does not reach metadata even where it may go inside", async () => {
    const names = {
      "metadata.internal": ["169.254.169.254"],
      "gpu.lan": ["127.0.0.1", "100.100.100.200"],
    };
    const { boundary } = boundaryUnder(defaultPolicy, names);
    const model = boundary.connector(fetcher("model:openai-compatible"));
    for (const host of Object.keys(names)) {
      const outcome = await model.tryCall(`http://${host}/`, options);
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: "boundary.egress_blocked", ruleId: "default/no-metadata" },
      });
    }
    const literal = await model.tryCall("http://169.254.169.254/", options);
    expect(literal).toMatchObject({ ok: false, error: { code: "boundary.policy_denied" } });
  });

  test("is denied before anything is resolved when it is written to a private address", async () => {
    const { boundary, asked } = boundaryUnder(defaultPolicy, {});
    const web = boundary.connector(fetcher("web:fetch"));
    for (const host of ["127.0.0.1", "0x7f.1", "[::ffff:10.0.0.1]", "localhost", "1.localhost"]) {
      const outcome = await web.tryCall(`http://${host}/`, options);
      expect(outcome).toMatchObject({ ok: false, error: { code: "boundary.policy_denied" } });
    }
    expect(asked).toEqual([]);
  });
});

describe("a request to another host than the call's own", () => {
  const redirecting = (location: string) =>
    serve((_request, response) => void response.writeHead(302, { location }).end("moved"));

  test("is decided about like a call to that host", async () => {
    const target = await serve();
    const policy = policyOf(
      "allow",
      "allow: {private: true}",
      "deny: {host: [other.test, 127.0.0.2]}",
    );
    const { boundary, asked } = boundaryUnder(policy, {
      "own.test": ["127.0.0.1"],
      "third.test": ["127.0.0.1"],
      "fourth.test": ["127.0.0.2"],
    });
    const web = boundary.connector(fetcher("web:fetch"));
    const to = async (host: string) => {
      const source = await redirecting(`//${host}:${target.port}/`);
      return web.tryCall(`http://own.test:${source.port}/`, options);
    };
    expect(await to("third.test")).toMatchObject({ ok: true, value: "here" });
    const refused = { code: "boundary.egress_blocked", phase: "sent", ruleId: "test/r1" };
    expect(await to("other.test")).toMatchObject({ ok: false, error: refused });
    expect(await to("fourth.test")).toMatchObject({ ok: false, error: refused });
    expect(await to("127.0.0.2")).toMatchObject({ ok: false, error: refused });
    expect(asked).not.toContain("other.test");
    expect(target.seen).toHaveLength(1);
  });

  test("is not let through by an answer that a person gave about the call's own", async () => {
    const target = await serve();
    const source = await redirecting(`http://other.test:${target.port}/`);
    const policy = policyOf("allow", "ask: {private: [true, false]}");
    const { boundary, approvals } = boundaryUnder(policy, {
      "own.test": ["127.0.0.1"],
      "other.test": ["127.0.0.1"],
    });
    const web = boundary.connector(fetcher("web:fetch"));
    const call = () => web.tryCall(`http://own.test:${source.port}/`, options);
    expect(await call()).toMatchObject({ ok: false, error: { kind: "approval_required" } });
    approvals.decide("approval-1", "approved");
    expect(await call()).toMatchObject({
      ok: false,
      error: { code: "boundary.egress_blocked", hint: expect.stringContaining("Nobody was asked") },
    });
    expect([source.seen.length, target.seen.length]).toEqual([1, 0]);
    // The first request was sent: what the call had taken stays taken.
    expect(approvals.stateOf("approval-1")).toBe("consumed");
  });

  test("does not lead inside from a public host, even where the call could go there by itself", () => {
    const policy = policyOf("allow", "allow: {private: true}");
    const inner = { host: "127.0.0.1", port: 9200 };
    const named = { host: "inner.test", port: 80, address: "10.0.0.1" };
    for (const host of ["example.org", "93.184.216.34"]) {
      const leave = leaveFor(policy, { host, port: 443 });
      leave.check({ host, port: 443, address: "93.184.216.34" });
      leave.sending("93.184.216.34", 443);
      for (const target of [inner, named]) {
        expect(() => leave.check(target)).toThrow(/not led to an address off the public internet/);
      }
      leave.check({ host: "other.example", port: 80, address: "93.184.216.35" });
    }
    for (const host of ["127.0.0.1", "localhost"]) {
      const leave = leaveFor(policy, { host, port: 8080 });
      leave.check(inner);
      leave.check(named);
    }
    const lan = leaveFor(policy, { host: "wiki.lan", port: 80 });
    expect(() => lan.check(inner)).toThrow(BoundaryError);
    lan.sending("192.168.1.2", 80);
    lan.check(inner);
    leaveFor(policy).check(inner);
  });

  test("another port of the call's own host is another place", () => {
    const policy = policyOf("allow", "allow: {private: true}", "deny: {port: 22}");
    const leave = leaveFor(policy, { host: "10.0.0.1", port: 80 });
    leave.check({ host: "10.0.0.1", port: 80 });
    expect(() => leave.check({ host: "10.0.0.1", port: 22 })).toThrow(/test\/r1|because/);
    const anyPort = leaveFor(policy, { host: "a.test" });
    expect(() => anyPort.check({ host: "a.test", port: 22, address: "10.0.0.1" })).toThrow(
      /because/,
    );
  });
});

describe("an ask", () => {
  test("that a person answered lets the call go where its host leads", async () => {
    const server = await serve();
    const policy = policyOf("allow", "ask: {connector: 'web:*', private: [true, false]}");
    const { boundary, approvals } = boundaryUnder(policy, { "wiki.test": ["127.0.0.1"] });
    const web = boundary.connector(fetcher("web:fetch"));
    const call = () => web.tryCall(`http://wiki.test:${server.port}/`, options);
    expect(await call()).toMatchObject({ ok: false, error: { kind: "approval_required" } });
    approvals.decide("approval-1", "approved");
    expect(await call()).toMatchObject({ ok: true, value: "here" });
  });

  test("that nobody was asked refuses, when only the address shows that it was due", async () => {
    const { boundary } = boundaryUnder(policyOf("allow", "ask: {private: true}"), {
      "wiki.test": ["127.0.0.1"],
    });
    const outcome = await boundary
      .connector(fetcher("web:fetch"))
      .tryCall("http://wiki.test/", options);
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: "boundary.egress_blocked", ruleId: "test/r0", phase: "before_send" },
    });
  });
});

test("a refusal that a library has wrapped is still one, whatever the connector makes of errors", async () => {
  const { boundary } = boundaryUnder(defaultPolicy, { "wiki.test": ["127.0.0.1"] });
  const wrapping: ConnectorSpec<string, string> = {
    ...fetcher("web:fetch"),
    run: ({ input, fetch }) =>
      fetch(input).then(
        (response) => response.text(),
        (cause: unknown) => {
          const inner = new Error("its helper failed", { cause });
          return Promise.reject(new Error("the library failed", { cause: inner }));
        },
      ),
    mapError: () => new BoundaryError("transport", "no connection"),
  };
  const outcome = await boundary.connector(wrapping).tryCall("http://wiki.test/", options);
  expect(outcome).toMatchObject({ ok: false, error: { code: "boundary.egress_blocked" } });
});

test("a call that was refused for its address gives back what it had taken", async () => {
  const { boundary, budgets, idempotency, approvals } = boundaryUnder(
    policyOf("allow", "ask: {effect: write}"),
    { "wiki.test": ["10.0.0.1"] },
  );
  budgets.open("b", { calls: 5 });
  const web = boundary.connector(fetcher("web:post", { effect: "write", repeat: "once" }));
  const call = () =>
    web.tryCall("http://wiki.test/", { ...options, budgets: ["b"], logicalCallId: "l" });
  await call();
  approvals.decide("approval-1", "approved");
  expect(await call()).toMatchObject({ ok: false, error: { code: "boundary.egress_blocked" } });
  expect(budgets.use("b")).toMatchObject({ calls: 0 });
  expect(idempotency.keys.size).toBe(0);
  expect(approvals.stateOf("approval-1")).toBe("approved");
});

test("the record names each place once, and not more than a few", () => {
  const leave = leaveFor(policyOf("allow"), { host: "example.org", port: 443 });
  for (let round = 0; round < 2; round += 1) leave.sending("2606:4700::1111", 443);
  leave.sending("93.184.216.34", 80);
  expect(leave.connectedTo).toEqual(["[2606:4700::1111]:443", "93.184.216.34:80"]);
  for (let port = 1; port < 100; port += 1) leave.sending("93.184.216.34", port);
  expect(leave.connectedTo).toHaveLength(16);
});
