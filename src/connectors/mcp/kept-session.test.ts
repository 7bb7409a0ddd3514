import { expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { BoundaryError } from "../../boundary/errors.ts";
import type { ToolContext } from "../../tools/tool.ts";
import { keepSession } from "./kept-session.ts";
import type { McpServer } from "./server.ts";
import type { McpSession } from "./session.ts";

const server: McpServer = {
  name: "frail",
  command: "frail",
  args: [],
  cwd: "/",
  env: {},
  tools: {},
};
const context: ToolContext = {
  signal: new AbortController().signal,
  idempotencyKey: "key-1",
  progress: () => {},
};

/** A session that ends in each of its calls, but for those that are told to work. */
function frail() {
  const clock = manualClock();
  let opened = 0;
  const live = (): McpSession => {
    let alive = true;
    opened += 1;
    return {
      alive: () => alive,
      close: async () => {
        alive = false;
      },
    } as McpSession;
  };
  const kept = keepSession(
    server,
    live(),
    { open: async () => live(), settled: async () => {} },
    clock,
  );
  const call = (works: boolean) =>
    kept.use(context, async (session) => {
      if (works) return "worked";
      await session.close();
      throw new BoundaryError("transport", "It ended.");
    });
  return { clock, call, opened: () => opened };
}

test("a server that ends is opened again at once, and one that keeps ending later and later", async () => {
  const { clock, call, opened } = frail();
  await expect(call(false)).rejects.toThrow("It ended.");
  await expect(call(false)).rejects.toThrow("It ended.");
  expect(opened()).toBe(2);
  for (const waitMs of [500, 1_000, 2_000]) {
    await expect(call(false)).rejects.toMatchObject({
      kind: "transport",
      phase: "before_send",
      retryAfterMs: waitMs,
    });
    clock.advance(waitMs);
    await expect(call(false)).rejects.toThrow("It ended.");
  }
  expect(opened()).toBe(5);
});

test("what has worked makes a server one that ended for the first time", async () => {
  const { call, opened } = frail();
  await expect(call(false)).rejects.toThrow("It ended.");
  expect(await call(true)).toBe("worked");
  await expect(call(false)).rejects.toThrow("It ended.");
  expect(await call(true)).toBe("worked");
  expect(opened()).toBe(3);
});

test("no wait grows over half a minute", async () => {
  const { clock, call } = frail();
  for (let life = 0; life < 20; life += 1) {
    await expect(call(false)).rejects.toThrow("It ended.");
    clock.advance(30_000);
  }
});

/** A program that was given a secret, and sessions that work until they are closed. */
function given() {
  let secret: string | undefined = "first";
  const log: string[] = [];
  const live = (): McpSession => {
    const own = secret;
    let alive = true;
    log.push(`opened with ${own}`);
    const close = async (): Promise<void> => {
      if (alive) log.push(`closed with ${own}`);
      alive = false;
    };
    return { alive: () => alive, close } as McpSession;
  };
  const names = (): Readonly<Record<string, string>> => {
    if (secret !== undefined) return { TOKEN: secret };
    throw new BoundaryError("internal", "TOKEN is not set.", { phase: "before_send" });
  };
  const kept = keepSession(
    { ...server, given: names },
    live(),
    { open: async () => live(), settled: async () => {} },
    manualClock(),
  );
  return {
    log,
    kept,
    set: (value: string | undefined) => {
      secret = value;
    },
  };
}

test("a program whose secret was changed is started anew before its next call, and after those under way", async () => {
  const { kept, log, set } = given();
  const first = Promise.withResolvers<string>();
  const slow = kept.use(context, () => first.promise);
  await kept.use(context, async () => "quick");
  set("second");
  const later = kept.use(context, async () => log.push("called"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(["opened with first"]);
  first.resolve("slow");
  await Promise.all([slow, later]);
  expect(log).toEqual(["opened with first", "closed with first", "opened with second", "called"]);
});

test("a program whose secret is no more is ended, is not called, and is started when there is one again", async () => {
  const { kept, log, set } = given();
  set(undefined);
  const call = () => kept.use(context, async () => log.push("called"));
  await expect(call()).rejects.toMatchObject({
    phase: "before_send",
    message: "TOKEN is not set.",
  });
  await expect(call()).rejects.toMatchObject({ message: "TOKEN is not set." });
  set("second");
  await call();
  expect(log).toEqual(["opened with first", "closed with first", "opened with second", "called"]);
});
