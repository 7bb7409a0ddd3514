import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { testBoundary } from "../../test/support/boundary.ts";
import { options, read as readElsewhere, spec } from "../../test/support/connector.ts";
import { startCounting } from "../../test/support/leave.ts";
import { createEgress, type Egress } from "./egress/fetch.ts";
import type { CallContext } from "./types.ts";

const read = { ...readElsewhere, host: "127.0.0.1" };

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** A server that answers when it is told to, and a boundary over the real egress. */
async function world() {
  const waiting: ServerResponse[] = [];
  let ended = 0;
  const server = await startCounting((_request, response) => {
    waiting.push(response);
    response.once("close", () => {
      if (!response.writableFinished) ended += 1;
    });
  });
  const egress: Egress = createEgress();
  open.push(server.close, egress.close);
  const { boundary } = testBoundary({
    hands: { fetch: egress.fetch, spawn: () => Promise.reject(new Error("no processes")) },
  });
  return {
    boundary,
    egress,
    url: `http://127.0.0.1:${server.port}/`,
    waiting,
    /** Answers that were broken off by whoever asked. */
    brokenOff: () => ended,
  };
}

const never = new AbortController().signal;
type Ask = (context: CallContext<string, string>) => Promise<Response>;
const careless: readonly (readonly [string, Ask])[] = [
  ["no signal", ({ input, fetch }) => fetch(input)],
  ["a signal of the handler's own", ({ input, fetch }) => fetch(input, { signal: never })],
  ["a Request", ({ input, fetch }) => fetch(new Request(input, { signal: never }))],
  ["the attempt's signal", ({ input, fetch, signal }) => fetch(input, { signal })],
];

test.each(careless)("a request with %s ends with its attempt", async (_, ask) => {
  const { boundary, url, waiting, brokenOff } = await world();
  const connector = boundary.connector(
    spec(async (context) => (await ask(context)).text(), read, {
      timeouts: { attemptMs: 20_000, totalMs: 20_000 },
    }),
  );
  const caller = new AbortController();
  const calling = connector.tryCall(url, { ...options, signal: caller.signal });
  await expect.poll(() => waiting.length).toBe(1);
  caller.abort();
  expect(await calling).toMatchObject({ ok: false, error: { kind: "cancelled" } });
  await expect.poll(brokenOff).toBe(1);
});

test("a handler's own signal still ends its request", async () => {
  const { boundary, url, waiting, brokenOff } = await world();
  const own = new AbortController();
  const connector = boundary.connector(
    spec(
      async ({ input, fetch }) =>
        fetch(input, { signal: own.signal }).then(
          () => "answered",
          (error: Error) => error.message,
        ),
      read,
      { timeouts: { attemptMs: 20_000, totalMs: 20_000 } },
    ),
  );
  const calling = connector.call(url, options);
  await expect.poll(() => waiting.length).toBe(1);
  own.abort(new Error("the handler has had enough"));
  expect(await calling).toBe("the handler has had enough");
  await expect.poll(brokenOff).toBe(1);
});

test("an answer that a call hands on may be read to its end when the call is over", async () => {
  const { boundary, url, waiting } = await world();
  const connector = boundary.connector<string, Response, never>({
    id: "http:test",
    facts: () => read,
    run: ({ input, fetch }) => fetch(input),
  });
  const calling = connector.call(url, options);
  await expect.poll(() => waiting.length).toBe(1);
  waiting[0]?.write("first, ");
  const response = await calling;
  waiting[0]?.end("last");
  expect(await response.text()).toBe("first, last");
});

test("a call that is on its way when the engine closes is cancelled, and not tried again", async () => {
  const { boundary, egress, url, waiting } = await world();
  const connector = boundary.connector(
    spec(async ({ input, fetch }) => (await fetch(input)).text(), read, {
      timeouts: { attemptMs: 20_000, totalMs: 20_000 },
    }),
  );
  const calling = connector.tryCall(url, options);
  await expect.poll(() => waiting.length).toBe(1);
  await egress.close();
  expect(await calling).toMatchObject({
    ok: false,
    error: { kind: "cancelled" },
    record: { attempts: [{ outcome: "boundary.cancelled" }] },
  });
});

test("what a handler was given opens nothing once its call is over, in another call neither", async () => {
  const { boundary, url, waiting } = await world();
  let given: CallContext<string, string> | undefined;
  const first = boundary.connector(
    spec(
      async (context) => {
        given = context;
        const answering = context.fetch(context.input);
        await expect.poll(() => waiting.length).toBe(1);
        waiting[0]?.end("first");
        return (await answering).text();
      },
      read,
      { timeouts: { attemptMs: 20_000, totalMs: 20_000 } },
    ),
  );
  expect(await first.call(url, options)).toBe("first");

  const late: unknown[] = [];
  const second = boundary.connector(
    spec(async ({ input }) => {
      late.push(await given?.fetch(input).catch((error: unknown) => error));
      const program = { command: "true", args: [], cwd: "/", env: {} };
      late.push(await given?.spawn(program).catch((error: unknown) => error));
      return "second";
    }, read),
  );
  await second.call(url, options);
  const over = { code: "boundary.egress_blocked", phase: "before_send" };
  expect(late).toEqual([expect.objectContaining(over), expect.objectContaining(over)]);
  expect(waiting).toHaveLength(1);
});
