import fc from "fast-check";
import { expect, test } from "vitest";
import { Agent33Error } from "../../src/base/errors.ts";
import { type DatabaseOptions, openDatabase } from "../../src/store/postgres/database.ts";
import { createGroupCommit } from "../../src/store/postgres/group-commit.ts";
import { change, first, lock, type Program, rows } from "../../src/store/program.ts";
import { anyCharacter } from "../support/any-character.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { describePostgres, lentStore, parts } from "../support/postgres-tests.ts";

const many = 100;
/** No time goes by, so that a slow machine does not split what belongs together. */
const still = { ...parts.clock, monotonic: () => 0 };

function* keep(id: string): Program<number> {
  return yield* change("INSERT INTO signal_keys (tenant, key, signal_id) VALUES ('a', ?, 's')", id);
}

/** Adds one to a row that every write goes for. */
function* count(): Program<number> {
  return yield* change(
    `INSERT INTO signal_source_counts (tenant, grain, bucket, source, signals, occurrences)
     VALUES ('a', 'hour', 0, 's', 1, 1) ON CONFLICT (tenant, grain, bucket, source)
     DO UPDATE SET signals = signal_source_counts.signals + 1`,
  );
}

function* transactionId(): Program<unknown> {
  return (yield* first("SELECT CAST(pg_current_xact_id() AS TEXT) AS id"))?.["id"];
}

describePostgres("writes of many callers on PostgreSQL", "shared", (server) => {
  async function bench(options: Partial<DatabaseOptions> = {}) {
    const url = options.url ?? (await lentStore(server()));
    const database = openDatabase({ ...parts, ...options, url });
    const writer = createGroupCommit(database, options.clock ?? still);
    return {
      url,
      database,
      submit: <T>(make: () => Program<T>): Promise<T> => writer.submit("a", make),
      submitMany: <T>(make: (index: number) => Program<T>): Promise<PromiseSettledResult<T>[]> =>
        Promise.allSettled(
          Array.from({ length: many }, (_, index) => writer.submit("a", () => make(index))),
        ),
      keys: async (): Promise<readonly string[]> => {
        const found = await database.run("read", { tenant: "a" }, () =>
          rows("SELECT key FROM signal_keys ORDER BY key"),
        );
        return found.map((row) => String(row["key"]));
      },
      close: async (): Promise<void> => {
        await writer.idle();
        await database.close();
      },
    };
  }
  const valuesOf = <T>(settled: readonly PromiseSettledResult<T>[]): readonly T[] =>
    settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));

  test("many share transactions, few do not", async () => {
    const { submit, submitMany, close } = await bench();
    const shared = new Set(valuesOf(await submitMany(() => transactionId())));
    expect(shared.size).toBe(2);
    const few = await Promise.all([1, 2, 3].map(() => submit(transactionId)));
    expect(new Set(few).size).toBe(3);
    await close();
  });

  test("one that fails takes nothing with it and leaves nothing", async () => {
    const { submitMany, keys, close } = await bench();
    const settled = await submitMany(function* (index) {
      yield* keep(String(index).padStart(3, "0"));
      if (index % 10 === 1) throw new Agent33Error("test.refused", "No.");
      if (index % 10 === 2) yield* rows("SELECT 1 / 0");
      if (index % 10 === 3) yield* keep("000");
    });
    const codes = settled.map((one) =>
      one.status === "fulfilled" ? "kept" : (one.reason as Agent33Error).code,
    );
    const expected = Array.from({ length: many }, (_, index) => {
      const digit = index % 10;
      return digit === 1 ? "test.refused" : digit === 2 || digit === 3 ? "store.failed" : "kept";
    });
    expect(codes).toEqual(expected);
    const kept = expected.flatMap((code, index) =>
      code === "kept" ? [String(index).padStart(3, "0")] : [],
    );
    expect(await keys()).toEqual(kept);
    await close();
  });

  test("a transaction of many ends when its time is over", async () => {
    let elapsedMs = 0;
    const hasty = {
      ...parts.clock,
      monotonic: () => {
        elapsedMs += 10;
        return elapsedMs;
      },
    };
    const { submitMany, close } = await bench({ clock: hasty });
    const ids = valuesOf(await submitMany(() => transactionId()));
    expect(ids).toHaveLength(many);
    expect(ids[5]).toBe(ids[0]);
    expect(ids[6]).not.toBe(ids[0]);
    expect(ids[11]).toBe(ids[6]);
    await close();
  });

  test("a session that ends under many makes each run again, and all are kept once", async () => {
    const { submitMany, keys, close } = await bench();
    let ended = false;
    const settled = await submitMany(function* (index) {
      yield* keep(String(index));
      if (index === 50 && !ended) {
        ended = true;
        yield* rows("SELECT pg_terminate_backend(pg_backend_pid())");
      }
    });
    expect(valuesOf(settled)).toHaveLength(many);
    expect(await keys()).toHaveLength(many);
    await close();
  });

  test("a commit of many that is lost leaves the outcome of each open, and none runs again", async () => {
    const { url, keys, close } = await bench();
    const proxy = await startCuttingProxy(server().port);
    const through = await bench({ url: url.replace(/:\d+\//, `:${proxy.port}/`) });
    proxy.cutAt("COMMIT\0", "after");
    const settled = await through.submitMany(function* (index) {
      yield* keep(String(index));
      if (index === 7) throw new Agent33Error("test.refused", "No.");
    });
    const codes = settled.map((one) =>
      one.status === "fulfilled" ? "kept" : (one.reason as Agent33Error).code,
    );
    expect(codes.filter((code) => code === "store.outcome_unknown")).toHaveLength(63);
    expect(codes[7]).toBe("test.refused");
    expect(codes.filter((code) => code === "kept")).toHaveLength(many - 64);
    expect(await keys()).toHaveLength(many - 1);
    await through.close();
    await proxy.close();
    await close();
  });

  test("those of several processes do not get into each other's way", async () => {
    const benches = [await bench()];
    for (let more = 0; more < 2; more += 1)
      benches.push(await bench({ url: benches[0]?.url ?? "" }));
    let attempts = 0;
    const work = benches.map(async ({ submitMany, submit }, place) => {
      const all = await submitMany(function* (index) {
        attempts += 1;
        // In opposite order, which would be a deadlock without turns.
        yield* lock("test", String(place === 0 ? index : many - index));
        if (index % 2 === 0) yield* count();
        yield* keep(`${place}-${index}`);
        if (index % 2 === 1) yield* count();
      });
      for (let one = 0; one < 10; one += 1) await submit(count);
      return valuesOf(all).length;
    });
    expect(await Promise.all(work)).toEqual([many, many, many]);
    expect(attempts).toBe(3 * many);
    const [found] = await (benches[0]?.database.run("read", { tenant: "a" }, () =>
      rows("SELECT signals FROM signal_source_counts"),
    ) ?? []);
    expect(found).toEqual({ signals: 3 * many + 30 });
    await Promise.all(benches.map(({ close }) => close()));
  });

  test("a lock holds others with the same words back until the transaction ends", async () => {
    const { database, close } = await bench();
    const order: string[] = [];
    const work = (name: string, word: string, hold?: () => Program<void>) =>
      database.run("write", { tenant: "a" }, function* () {
        yield* lock("test", word);
        // A lock is sent together with the statement after it.
        yield* rows("SELECT 1 AS one");
        order.push(`${name} in`);
        if (hold !== undefined) yield* hold();
        order.push(`${name} out`);
      });
    /** Until another waits for the lock, and the third has come in beside it. */
    const one = work("one", "same", function* () {
      for (;;) {
        const waiting = yield* rows(
          `SELECT pg_sleep(0.01) FROM pg_locks JOIN pg_database ON pg_database.oid = database
           WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`,
        );
        if (waiting.length > 0 && order.includes("three in")) return;
      }
    });
    await expect.poll(() => order, { timeout: 10_000 }).toEqual(["one in"]);
    await Promise.all([one, work("two", "same"), work("three", "other")]);
    const place = (what: string) => order.indexOf(what);
    expect(place("two in")).toBeGreaterThan(place("one out"));
    expect(place("three in")).toBeLessThan(place("one out"));
    await close();
  });
});

describePostgres("values on PostgreSQL", "shared", (server) => {
  const table = `CREATE TEMP TABLE v (n BIGINT, i BIGINT, f DOUBLE PRECISION, t TEXT COLLATE "C",
    b BYTEA) ON COMMIT DROP`;
  const value = fc.record({
    i: fc.option(fc.maxSafeInteger()),
    f: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0)),
    t: fc.option(fc.string({ unit: anyCharacter }).filter((text) => !text.includes("\0"))),
    b: fc.option(fc.uint8Array()),
  });

  test("come back as they were stored, and text sorts by its bytes", async () => {
    const database = openDatabase({ ...parts, url: await server().freshDatabase() });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
        const [found, sorted] = await database.run("write", "all tenants", function* () {
          yield* change(table);
          for (const [n, { i, f, t, b }] of values.entries()) {
            yield* change("INSERT INTO v (n, i, f, t, b) VALUES (?, ?, ?, ?, ?)", n, i, f, t, b);
          }
          const all = yield* rows("SELECT i, f, t, b FROM v ORDER BY n");
          const text = yield* rows("SELECT t FROM v WHERE t IS NOT NULL ORDER BY t");
          return [all, text.map((row) => String(row["t"]))] as const;
        });
        const bytes = (b: Uint8Array | null) => (b === null ? null : Buffer.from(b));
        expect(found).toEqual(values.map((row) => ({ ...row, b: bytes(row.b) })));
        const byBytes = values.flatMap(({ t }) => (t === null ? [] : [t]));
        byBytes.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
        expect(sorted).toEqual(byBytes);
      }),
      { numRuns: 40 },
    );
    await database.close();
  });

  test("counts, sums and truth are numbers as on SQLite", async () => {
    const database = openDatabase({ ...parts, url: await server().freshDatabase() });
    const text = `SELECT count(*) AS count, sum(x) AS sum, CAST(sum(x) AS BIGINT) AS whole,
      avg(x) AS mean, max(x) > 1 AS truth FROM (SELECT 1 AS x UNION ALL SELECT 2) AS numbers`;
    const found = await database.run("read", "all tenants", () => rows(text));
    expect(found).toEqual([{ count: 2, sum: 3, whole: 3, mean: 1.5, truth: 1 }]);
    await database.close();
  });

  test("an integer that a number cannot hold is an error, not another integer", async () => {
    const database = openDatabase({ ...parts, url: await server().freshDatabase() });
    const read = database.run("read", "all tenants", () =>
      rows("SELECT CAST(? AS BIGINT) AS i", 2n ** 53n),
    );
    await expect(read).rejects.toMatchObject({ code: "store.failed" });
    await database.close();
  });

  test.each([
    ["half of a surrogate pair", "a\ud800"],
    ["the character U+0000", "a\0"],
    ["the number NaN", Number.NaN],
    ["a Date", new Date(0)],
    ["a Array", []],
    ["a boolean", true],
    ["a undefined", undefined],
  ])("%s is refused before it is sent", async (what, bad) => {
    const database = openDatabase({ ...parts, url: await server().freshDatabase() });
    const read = database.run("read", "all tenants", () => rows("SELECT ? AS v", bad as string));
    await expect(read).rejects.toMatchObject({
      code: "store.bad_parameter",
      message: expect.stringContaining(what),
    });
    await database.close();
  });
});
