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
