import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../base/clock.ts";
import { type Database, openDatabase } from "./database.ts";

const insert = "INSERT INTO t (a) VALUES (?)";
/** A row that is there already ends the whole transaction, as a full disk can. */
const insertOrEnd = "INSERT OR ROLLBACK INTO t (a) VALUES (?)";

let folder = "";
let opened: Database;
let others: Database[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-transactions-"));
  opened = another({});
  opened.script("PRAGMA application_id = 1093874508; CREATE TABLE t (a ANY UNIQUE) STRICT");
});

afterEach(() => {
  for (const database of others) database.close();
  others = [];
  rmSync(folder, { recursive: true, force: true });
});

function another(options: Partial<Parameters<typeof openDatabase>[0]>): Database {
  const path = join(folder, "test.db");
  const database = openDatabase({ path, busyTimeoutMs: 100, ...options });
  others.push(database);
  return database;
}

const rows = (database = opened): unknown[] =>
  database.sql.all("SELECT a FROM t ORDER BY rowid").map(({ a }) => a);
const fail = (message: string): never => {
  throw new Error(message);
};
/** What a function threw; the caller looks away. */
function caught(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

describe("a transaction that meets another process's lock", () => {
  /** Each look at it is a second later. */
  const hasty = (): Clock => {
    let seconds = 0;
    return { ...systemClock, monotonic: () => (seconds += 1) * 1000 };
  };

  test("says that it waits, and that it gave up", () => {
    const told: string[] = [];
    const waiting = another({
      busyTimeoutMs: 20,
      clock: hasty(),
      onBusy: ({ state }) => void told.push(state),
    });
    opened.transaction(() => {
      expect(caught(() => waiting.transaction(() => undefined))).toContain("write lock");
    });
    expect(told).toEqual(["waiting", "given up"]);
    waiting.transaction(() => undefined);
    expect(told).toHaveLength(2);
  });

  test("says nothing of a wait that is ordinary", () => {
    const told: string[] = [];
    const waiting = another({ busyTimeoutMs: 20, onBusy: ({ state }) => void told.push(state) });
    opened.transaction(() => {
      expect(caught(() => waiting.transaction(() => undefined))).toContain("write lock");
    });
    expect(told).toEqual([]);
  });
});

describe("transaction", () => {
  test("commits when the function returns and rolls back when it throws", () => {
    expect(opened.transaction((sql) => sql.run(insert, 1).changes)).toBe(1);
    expect(() =>
      opened.transaction((sql) => {
        sql.run(insert, 2);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(rows()).toEqual([1]);
  });

  test("joins a call inside a call", () => {
    const outer = (): void => {
      opened.transaction((sql) => {
        opened.transaction((inner) => inner.run(insert, 1));
        opened.transactionNow((inner) => inner.run(insert, 2));
        sql.run(insert, 3);
        throw new Error("no");
      });
    };
    expect(outer).toThrow("no");
    expect(rows()).toEqual([]);
  });

  test("commits nothing when a joined call failed, even if its caller looks away", () => {
    expect(() =>
      opened.transaction((sql) => {
        sql.run(insert, 1);
        caught(() => opened.transaction(() => fail("inner")));
        sql.run(insert, 2);
      }),
    ).toThrow("inner");
    expect(rows()).toEqual([]);
    // The next one is not affected.
    opened.transaction((sql) => sql.run(insert, 3));
    expect(rows()).toEqual([3]);
  });

  test("refuses a function that goes on after it returns", () => {
    const later = async (): Promise<void> => {
      opened.sql.run(insert, 1);
    };
    const refused = expect.objectContaining({ code: "store.async_transaction" });
    expect(() => opened.transaction(later)).toThrowError(refused);
    expect(() => opened.transaction(() => opened.savepoint(later))).toThrowError(refused);
    expect(rows()).toEqual([]);
  });

  test("calls back after the commit, in order, and never after a rollback", () => {
    const seen: unknown[] = [];
    opened.transaction((sql) => {
      opened.afterCommit(() => seen.push(["first", rows()]));
      opened.transaction(() => opened.afterCommit(() => seen.push("second")));
      sql.run(insert, 1);
      expect(seen).toEqual([]);
    });
    expect(seen).toEqual([["first", [1]], "second"]);
    expect(() =>
      opened.transaction(() => {
        opened.afterCommit(() => seen.push("never"));
        throw new Error("no");
      }),
    ).toThrow("no");
    opened.transaction((sql) => sql.run(insert, 2));
    expect(seen).toHaveLength(2);
    opened.afterCommit(() => seen.push("at once"));
    expect(seen[2]).toBe("at once");
  });

  test("keeps a fault of a listener from the writer", () => {
    const faults: unknown[] = [];
    const database = another({ onListenerError: (error) => faults.push(error) });
    database.transaction((sql) => {
      database.afterCommit(() => fail("listener"));
      sql.run(insert, 1);
    });
    expect(rows(database)).toEqual([1]);
    expect(faults).toMatchObject([{ message: "listener" }]);
  });

  test("gives up with store.busy after a bounded wait while another holds the lock", () => {
    const other = another({ busyTimeoutMs: 50 });
    opened.transaction(() => {
      const began = performance.now();
      expect(() => other.transaction((sql) => sql.run(insert, 1))).toThrowError(
        expect.objectContaining({ code: "store.busy", retryable: true }),
      );
      expect(performance.now() - began).toBeGreaterThan(90);
    });
    other.transaction((sql) => sql.run(insert, 2));
    expect(rows()).toEqual([2]);
  });

  test("does not wait at all where it is not to, and waits again afterwards", () => {
    const other = another({ busyTimeoutMs: 200 });
    opened.transaction(() => {
      const began = performance.now();
      expect(() => other.transactionNow((sql) => sql.run(insert, 1))).toThrowError(
        expect.objectContaining({ code: "store.busy" }),
      );
      expect(performance.now() - began).toBeLessThan(100);
      expect(other.sql.get("PRAGMA busy_timeout")).toEqual({ timeout: 200 });
    });
    other.transactionNow((sql) => sql.run(insert, 2));
    expect(rows()).toEqual([2]);
  });
});

describe("savepoint", () => {
  test("keeps what it wrote with the rest, and undoes it alone when it fails", () => {
    opened.transaction((sql) => {
      sql.run(insert, 1);
      expect(opened.savepoint((part) => part.run(insert, 2).changes)).toBe(1);
      expect(() =>
        opened.savepoint((part) => {
          part.run(insert, 3);
          fail("part");
        }),
      ).toThrow("part");
      sql.run(insert, 4);
    });
    expect(rows()).toEqual([1, 2, 4]);
  });

  test("goes with the whole when that fails", () => {
    expect(() =>
      opened.transaction(() => {
        opened.savepoint((part) => part.run(insert, 1));
        fail("whole");
      }),
    ).toThrow("whole");
    expect(rows()).toEqual([]);
  });

  test("fails as a whole when a call that joined it failed, even if its caller looks away", () => {
    opened.transaction((sql) => {
      sql.run(insert, 1);
      const part = (): void =>
        opened.savepoint((inner) => {
          inner.run(insert, 2);
          caught(() => opened.transaction(() => fail("joined")));
          inner.run(insert, 3);
        });
      expect(part).toThrow("joined");
      sql.run(insert, 4);
    });
    expect(rows()).toEqual([1, 4]);
  });

  test("does not save a transaction that had failed before it", () => {
    const work = (): void =>
      opened.transaction((sql) => {
        sql.run(insert, 1);
        caught(() => opened.transaction(() => fail("before")));
        expect(caught(() => opened.savepoint((part) => part.run(insert, 2)))).toBe("before");
        sql.run(insert, 3);
      });
    expect(work).toThrow("before");
    expect(rows()).toEqual([]);
  });

  test("undoes the inner one of two, and both with the outer", () => {
    opened.transaction(() => {
      opened.savepoint((outer) => {
        outer.run(insert, 1);
        caught(() =>
          opened.savepoint((inner) => {
            inner.run(insert, 2);
            fail("inner");
          }),
        );
        outer.run(insert, 3);
      });
      caught(() =>
        opened.savepoint(() => {
          opened.savepoint((inner) => inner.run(insert, 4));
          fail("outer");
        }),
      );
    });
    expect(rows()).toEqual([1, 3]);
  });

  test("tells listeners of the parts that were kept, after the commit", () => {
    const seen: string[] = [];
    opened.transaction(() => {
      opened.afterCommit(() => seen.push("whole"));
      opened.savepoint(() => opened.afterCommit(() => seen.push("kept")));
      caught(() =>
        opened.savepoint(() => {
          opened.afterCommit(() => seen.push("undone"));
          fail("part");
        }),
      );
      opened.afterCommit(() => seen.push("last"));
      expect(seen).toEqual([]);
    });
    expect(seen).toEqual(["whole", "kept", "last"]);
  });

  test("is a transaction of its own where none is open", () => {
    const seen: string[] = [];
    opened.savepoint((sql) => {
      sql.run(insert, 1);
      opened.afterCommit(() => seen.push("after"));
      expect(seen).toEqual([]);
    });
    expect(seen).toEqual(["after"]);
    expect(caught(() => opened.savepoint((sql) => fail(`${sql.run(insert, 2).changes}`)))).toBe(
      "1",
    );
    expect(rows(another({}))).toEqual([1]);
  });

  test("writes nothing more once SQLite has ended the transaction by itself", () => {
    opened.transaction((sql) => sql.run(insert, "there"));
    const work = (): void =>
      opened.transaction((sql) => {
        sql.run(insert, "before");
        caught(() => opened.savepoint((part) => part.run(insertOrEnd, "there")));
        for (const value of ["first after", "second after"]) {
          expect(caught(() => opened.savepoint((part) => part.run(insert, value)))).toContain(
            "UNIQUE",
          );
        }
      });
    expect(work).toThrow("UNIQUE");
    expect(rows()).toEqual(["there"]);
    opened.transaction((sql) => sql.run(insert, "on"));
    expect(rows()).toEqual(["there", "on"]);
  });

  test("writes nothing either where nobody noticed that SQLite had ended the transaction", () => {
    opened.transaction((sql) => sql.run(insert, "there"));
    const work = (): void =>
      opened.transaction((sql) => {
        caught(() => sql.run(insertOrEnd, "there"));
        expect(caught(() => opened.savepoint((part) => part.run(insert, "lost")))).toContain(
          "the transaction has ended by itself",
        );
      });
    expect(work).toThrowError(expect.objectContaining({ code: "store.failed" }));
    expect(rows()).toEqual(["there"]);
  });

  test("keeps exactly what a tree of parts says", () => {
    interface Part {
      readonly fails: boolean;
      readonly parts: readonly Part[];
    }
    const { part } = fc.letrec<{ part: Part; parts: readonly Part[] }>((tie) => ({
      part: fc.record({ fails: fc.boolean(), parts: tie("parts") }),
      parts: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie("part"), { maxLength: 3 })),
    }));
    fc.assert(
      fc.property(part, (tree) => {
        opened.sql.run("DELETE FROM t");
        let next = 0;
        /** Writes a part with its parts; returns what stays of it. */
        const write = (one: Part): readonly number[] => {
          next += 1;
          const kept = [next];
          opened.sql.run(insert, next);
          for (const inner of one.parts) {
            let stays: readonly number[] = [];
            caught(() =>
              opened.savepoint(() => {
                stays = write(inner);
                if (inner.fails) fail("part");
              }),
            );
            if (!inner.fails) kept.push(...stays);
          }
          return kept;
        };
        let expected: readonly number[] = [];
        caught(() =>
          opened.transaction(() => {
            expected = write(tree);
            if (tree.fails) fail("whole");
          }),
        );
        expect(rows()).toEqual(tree.fails ? [] : expected);
      }),
      { numRuns: 60 },
    );
  });
});
