import { describe, expect, test } from "vitest";
import { testBoundary } from "../../test/support/boundary.ts";
import { type Handler, options, read, spec } from "../../test/support/connector.ts";
import { systemClock } from "../base/clock.ts";
import { BoundaryError } from "./errors.ts";

async function collect(stream: AsyncIterable<string>): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

/** Emits numbers, waiting for room where it is told to. */
const counting =
  (pieces: number, log: { emitted: number }, waits = true): Handler =>
  async (context) => {
    for (let piece = 1; piece <= pieces; piece += 1) {
      context.emit(String(piece));
      log.emitted = piece;
      if (waits) await context.room();
      else await systemClock.sleep(0);
    }
    return "done";
  };

describe("a call that is read as a stream", () => {
  test("gives its pieces in order, and then its outcome and its record", async () => {
    const { boundary, audit } = testBoundary();
    const stream = boundary.connector(spec(counting(40, { emitted: 0 }))).stream("x", options);
    expect(await collect(stream)).toEqual(Array.from({ length: 40 }, (_, at) => String(at + 1)));
    expect(await stream.outcome).toMatchObject({ ok: true, value: "done" });
    expect(audit.closed).toMatchObject([{ outcome: "ok" }]);
  });

  test("does not begin before it is read", async () => {
    const { boundary, audit } = testBoundary();
    const log = { emitted: 0 };
    const stream = boundary.connector(spec(counting(1, log))).stream("x", options);
    await systemClock.sleep(10);
    expect({ ...log, records: audit.closed.length }).toEqual({ emitted: 0, records: 0 });
    await collect(stream);
    expect(log.emitted).toBe(1);
  });

  test("holds a handler back that waits for room while its reader is slow", async () => {
    const { boundary } = testBoundary();
    const log = { emitted: 0 };
    const stream = boundary.connector(spec(counting(100, log))).stream("x", options);
    const reading = stream[Symbol.asyncIterator]();
    await reading.next();
    await systemClock.sleep(20);
    expect(log.emitted).toBeLessThanOrEqual(18);
    expect(log.emitted).toBeGreaterThan(10);
    expect(await collect({ [Symbol.asyncIterator]: () => reading })).toHaveLength(99);
  });

  test("keeps what a handler emits without waiting", async () => {
    const { boundary } = testBoundary();
    const stream = boundary
      .connector(spec(counting(100, { emitted: 0 }, false)))
      .stream("x", options);
    const pieces: string[] = [];
    for await (const piece of stream) {
      if (pieces.length === 0) await systemClock.sleep(20);
      pieces.push(piece);
    }
    expect(pieces).toHaveLength(100);
  });

  test("does not count a reader's slowness as the other side's", async () => {
    const { boundary } = testBoundary();
    const limits = { timeouts: { attemptMs: 30, idleMs: 30, totalMs: 5_000 } };
    const stream = boundary
      .connector(spec(counting(40, { emitted: 0 }), read, limits))
      .stream("x", options);
    const pieces: string[] = [];
    for await (const piece of stream) {
      if (pieces.length === 1) await systemClock.sleep(120);
      pieces.push(piece);
    }
    expect(pieces).toHaveLength(40);
  });

  test("can be read once", async () => {
    const { boundary } = testBoundary();
    const stream = boundary.connector(spec(counting(1, { emitted: 0 }))).stream("x", options);
    await collect(stream);
    await expect(collect(stream)).rejects.toMatchObject({ code: "boundary.stream_read" });
  });

  test("a denied call throws before the first piece", async () => {
    const { boundary } = testBoundary();
    const stream = boundary
      .connector(spec(counting(1, { emitted: 0 })))
      .stream("x", { ...options, budgets: ["nobody opened this"] });
    await expect(collect(stream)).rejects.toMatchObject({ kind: "budget_exceeded" });
  });
});

describe("leaving a stream", () => {
  test("cancels the call, aborts the handler's signal and waits for its end", async () => {
    const { boundary, audit } = testBoundary();
    let aborted = false;
    const endless: Handler = async (context) => {
      context.signal.addEventListener("abort", () => (aborted = true));
      for (;;) {
        context.emit("more");
        await context.room();
        await systemClock.sleep(1, context.signal);
      }
    };
    const stream = boundary.connector(spec(endless)).stream("x", options);
    for await (const piece of stream) {
      expect(piece).toBe("more");
      break;
    }
    expect(aborted).toBe(true);
    expect(audit.closed).toMatchObject([{ outcome: "boundary.cancelled" }]);
    expect(boundary.breakers()[0]).toMatchObject({ state: "closed", failures: 0 });
  });

  test("gives its place to the next call", async () => {
    const { boundary } = testBoundary();
    const connector = boundary.connector(
      spec(counting(1_000, { emitted: 0 }), read, { maxConcurrent: 1 }),
    );
    for (let round = 0; round < 3; round += 1) {
      for await (const piece of connector.stream("x", options)) {
        expect(piece).toBe("1");
        break;
      }
    }
  });

  test("a caller's own signal ends it too", async () => {
    const { boundary } = testBoundary();
    const controller = new AbortController();
    const stream = boundary
      .connector(spec(counting(1_000, { emitted: 0 })))
      .stream("x", { ...options, signal: controller.signal });
    const reading = (async () => {
      for await (const piece of stream) if (piece === "3") controller.abort();
    })();
    await expect(reading).rejects.toMatchObject({ kind: "cancelled" });
  });
});

describe("the limits of a stream", () => {
  const times = { attemptMs: 1_000, firstChunkMs: 30, idleMs: 60, totalMs: 2_000 };
  const after =
    (ms: number, pieces: number): Handler =>
    async (context) => {
      for (let piece = 1; piece <= pieces; piece += 1) {
        await systemClock.sleep(ms);
        context.emit(String(piece));
      }
      return "done";
    };
  const limited = (handler: Handler, timeouts: Partial<typeof times> = {}) => {
    const { boundary } = testBoundary();
    const extra = { maxAttempts: 1, timeouts: { ...times, ...timeouts } };
    return boundary.connector(spec(handler, read, extra)).stream("x", options);
  };

  test("nothing for too long at first", async () => {
    await expect(collect(limited(after(100, 1)))).rejects.toMatchObject({
      kind: "timeout",
      message: "Waited 30 ms for an answer; gave up.",
    });
  });

  test("the limit of the first piece is not that of a call which is taken as a whole", async () => {
    const { boundary } = testBoundary();
    const whole = boundary.connector(
      spec(() => systemClock.sleep(60).then(() => "ok"), read, { timeouts: times }),
    );
    expect(await whole.call("x", options)).toBe("ok");
  });

  test("nothing for too long between two pieces, after those that came", async () => {
    const stalling: Handler = async (context) => {
      context.emit("1");
      await systemClock.sleep(500);
      return "late";
    };
    const pieces: string[] = [];
    const reading = (async () => {
      for await (const piece of limited(stalling)) pieces.push(piece);
    })();
    await expect(reading).rejects.toMatchObject({ kind: "timeout" });
    expect(pieces).toEqual(["1"]);
  });

  test("all pieces together for too long", async () => {
    const slow = limited(after(20, 100), { totalMs: 150 });
    await expect(collect(slow)).rejects.toMatchObject({ kind: "deadline_exceeded" });
  });
});

describe("what a stream tells", () => {
  const cut: Handler = (context) => {
    context.emit("half");
    return Promise.reject(new BoundaryError("transport", "reset"));
  };

  test("the first piece counts as an answer, the broken end as a failure, and nothing is tried again", async () => {
    const { boundary, audit } = testBoundary();
    const stream = boundary.connector(spec(cut)).stream("x", options);
    const pieces: string[] = [];
    const reading = (async () => {
      for await (const piece of stream) pieces.push(piece);
    })();
    await expect(reading).rejects.toMatchObject({ kind: "transport" });
    expect(pieces).toEqual(["half"]);
    expect(boundary.breakers()).toMatchObject([{ attempts: 2, failures: 1 }]);
    expect(audit.closed[0]?.attempts).toHaveLength(1);
  });

  test("a stream that ends well counts once", async () => {
    const { boundary } = testBoundary();
    await collect(boundary.connector(spec(counting(3, { emitted: 0 }))).stream("x", options));
    expect(boundary.breakers()).toMatchObject([{ attempts: 1, failures: 0 }]);
  });

  test("a breaker that is being probed hears of the first piece before the stream has ended", async () => {
    const { boundary } = testBoundary({
      breaker: { minimumAttempts: 1, cooldownMs: 20, probes: 1 },
    });
    const dead: Handler = () => Promise.reject(new BoundaryError("transport", "reset"));
    const failing = boundary.connector(spec(dead, read, { maxAttempts: 1 }));
    await expect(collect(failing.stream("x", options))).rejects.toMatchObject({});
    await systemClock.sleep(40);
    const well = boundary.connector(spec(counting(100, { emitted: 0 })));
    for await (const piece of well.stream("x", options)) {
      expect(boundary.breakers()).toMatchObject([{ state: "closed" }]);
      if (piece === "2") break;
    }
  });

  test("retries come before the first piece", async () => {
    const { boundary } = testBoundary();
    const second: Handler = (context) => {
      if (context.attempt === 1) return Promise.reject(new BoundaryError("upstream_5xx", "down"));
      context.emit("well");
      return Promise.resolve("done");
    };
    expect(await collect(boundary.connector(spec(second)).stream("x", options))).toEqual(["well"]);
  });
});
