import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { newAlert, newEntry, newSilence } from "../../src/store/conformance/alerts.cases.ts";
import { newKey } from "../../src/store/conformance/api-keys.cases.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import type { SqlRow } from "../../src/store/program.ts";
import { revisionOf, sealHolds, spellingOf } from "../../src/store/seals/seal.ts";
import { sealedTables } from "../../src/store/seals/sealed-tables.ts";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { migrate } from "../../src/store/sqlite/migrations.ts";
import { newRun } from "../../src/store/store.fixture.ts";
import { databaseFile, openStore, type Store } from "../../src/store/store.ts";
import { databaseOf } from "../support/postgres.ts";
import { describePostgres, freshStore, parts } from "../support/postgres-tests.ts";

const frozen = join(import.meta.dirname, "..", "fixtures/store/schema-003.sql");
const damaged = expect.objectContaining({ code: "store.bad_row" });

/** A store that version 3 filled, brought up to date; and somebody who does not know of seals. */
function upgraded(): { readonly store: Store; readonly other: DatabaseSync; close(): void } {
  const folder = mkdtempSync(join(tmpdir(), "agent33-seals-"));
  const path = join(folder, databaseFile);
  const file = new DatabaseSync(path);
  file.exec(readFileSync(frozen, "utf8"));
  file.close();
  const database = openDatabase({ path });
  migrate(database, manualClock());
  database.close();
  let made = 0;
  const ids = (): string => `id-${(made += 1)}`;
  const store = openStore({ dataDir: folder, clock: manualClock(), ids });
  const { apiKeys, alerts, alertNotices, alertSilences } = store.tenant("acme");
  // Version 3 had no keys and no alerts.
  for (let index = 0; index < 30; index += 1) {
    apiKeys.create(newKey(`k${index}`));
    alerts.put([newAlert(`a${index}`)], [newEntry(`a${index}`)]);
    alertNotices.ensure([{ alertId: `a${index}`, episode: 1, receiver: "ops", nextAt: 1 }]);
    alertSilences.add(newSilence(`s${index}`));
  }
  const other = new DatabaseSync(path);
  other.exec(
    "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF",
  );
  const close = (): void => {
    other.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { store, other, close };
}

const isBad = (row: SqlRow): boolean => {
  try {
    return row["state"] === "never";
  } catch (error) {
    expect(error).toEqual(damaged);
    return true;
  }
};

describe("a row that was changed past the program, in any column of any table", () => {
  let made: ReturnType<typeof upgraded>;
  beforeAll(() => {
    made = upgraded();
  });
  afterAll(() => made.close());

  test.each(sealedTables)("$name: is in no answer", ({ name, columns, key }) => {
    const { store, other } = made;
    const kinds = other.prepare(`SELECT name, type FROM pragma_table_info('${name}')`).all();
    const names = columns.join(", ");
    other.exec(`CREATE TEMP TABLE kept AS SELECT ${names}, seal FROM main.${name}`);
    store.transactions.snapshot((sql) => {
      const sound = sql.all(`SELECT * FROM ${name} WHERE 1`);
      expect(sound.length).toBeGreaterThan(29);
      expect(sound.some(isBad)).toBe(false);
    });
    for (const column of [...columns, "seal"]) {
      const isText = kinds.find((one) => one["name"] === column)?.["type"] === "TEXT";
      const wrong = isText ? `COALESCE(${column}, '') || 'x'` : `COALESCE(${column}, 0) + 987654`;
      const place = key.join(", ");
      other.exec(
        `UPDATE ${name} SET ${column} = ${wrong}
         WHERE (${place}) = (SELECT ${place} FROM ${name} ORDER BY ${place} LIMIT 1)`,
      );
      store.transactions.snapshot((sql) => {
        const asked = (text: string) => (): unknown => sql.all(text);
        expect(asked(`SELECT count(*) AS n FROM ${name}`), column).toThrowError(damaged);
        expect(asked(`SELECT ${key.join(", ")} FROM ${name}`), column).toThrowError(damaged);
        const whole = sql.all(`SELECT * FROM ${name} WHERE 1`);
        expect(whole.filter(isBad), column).toHaveLength(1);
      });
      other.exec(
        `DELETE FROM ${name};
         INSERT INTO ${name} (${names}, seal) SELECT ${names}, seal FROM temp.kept`,
      );
    }
    other.exec("DROP TABLE temp.kept");
  });
});

describe("a row that was changed past the program", () => {
  let made: ReturnType<typeof upgraded>;
  beforeEach(() => {
    made = upgraded();
  });
  afterEach(() => made.close());
  const acme = () => made.store.tenant("acme");

  test("counts as damaged in a list, in its place, and keeps no other back", () => {
    const before = acme().signals.list({ limit: 1000 }).items;
    const [, second] = before;
    made.other.prepare("UPDATE signals SET summary = 'other' WHERE id = ?").run(second?.id ?? "");
    const page = acme().signals.list({ limit: 2 });
    expect(page.items).toEqual([before[0]]);
    expect(page.damaged).toEqual([
      expect.stringContaining(`"acme ${second?.id}" of table signals`),
    ]);
    const rest = acme().signals.list({ limit: 1000, cursor: page.nextCursor ?? "" });
    expect(rest.items).toEqual(before.slice(2));
    expect(() => acme().signals.get(second?.id ?? "")).toThrowError(damaged);
    expect(() => acme().signals.find(second?.id ?? "")).toThrowError(damaged);
  });

  test("is named in a list that its damage would keep it out of", () => {
    const open = acme().signals.list({ limit: 1000, state: "open" });
    const [first] = open.items;
    made.other.prepare("UPDATE signals SET state = 'resolved' WHERE id = ?").run(first?.id ?? "");
    // The index that a list goes by has it under its new state; the whole list has it all the same.
    expect(acme().signals.list({ limit: 1000 }).damaged).toHaveLength(1);
    expect(acme().signals.list({ limit: 1000, state: "resolved" }).damaged).toHaveLength(1);
  });

  test("is not changed any further and not deleted, and the rest of the write is undone", () => {
    const [signal] = acme().signals.list({ state: "open" }).items;
    made.other.prepare("UPDATE signals SET details = 'x' WHERE id = ?").run(signal?.id ?? "");
    const touch = (): unknown =>
      made.store.transactions.transaction((sql) => {
        sql.run("DELETE FROM metric_values");
        return sql.run("UPDATE signals SET intake_id = 'i' WHERE id = ?", signal?.id ?? "");
      });
    expect(touch).toThrowError(damaged);
    const remove = (): unknown =>
      made.store.transactions.transaction((sql) =>
        sql.run("DELETE FROM signals WHERE id = ?", signal?.id ?? ""),
      );
    expect(remove).toThrowError(damaged);
    expect(made.other.prepare("SELECT count(*) AS n FROM metric_values").get()).toEqual({ n: 102 });
  });

  test("a row that another program added is none of ours", () => {
    made.other.exec("INSERT INTO learned_runs (tenant, run_id, seq) VALUES ('acme', 'theirs', 1)");
    expect(() => acme().learnedRuns.mark("theirs")).toThrowError(damaged);
  });
});

test("each write of a row gives it a higher revision, whatever the clock does", () => {
  const clock = manualClock(5000);
  const store = openStore({ dataDir: ":memory:", clock, ids: () => "id" });
  const seal = (): string =>
    store.transactions.transaction((sql) =>
      String(sql.get("SELECT seal FROM main.runs")?.["seal"]),
    );
  store.tenant("a").runs.create(newRun("one"));
  const seals = [seal()];
  for (const at of [5000, 9000, 100]) {
    clock.advance(at - clock.now());
    store.tenant("a").runs.reopen("one");
    seals.push(seal());
  }
  const revisions = seals.map(revisionOf);
  expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
  expect(new Set(revisions).size).toBe(4);
  store.close();
});

test("a row is spelled here as SQLite spells it, so that a seal can be looked at without it", () => {
  const { store, close } = upgraded();
  store.transactions.snapshot((sql) => {
    for (const { name, columns, reals } of sealedTables) {
      const rows = sql.all(`SELECT ${columns.join(", ")}, seal FROM main.${name}`);
      expect(rows.length).toBeGreaterThan(29);
      for (const row of rows) {
        const spelled = spellingOf(
          columns.map((column) => row[column] ?? null),
          reals.length,
        );
        expect([name, sealHolds(name, row["seal"], spelled)]).toEqual([name, true]);
      }
    }
  });
  close();
});

describePostgres("rows of a database that were changed past the program", "shared", (server) => {
  test("are in no answer, and are neither changed nor deleted", async () => {
    const url = await freshStore(server());
    const backend = await openPostgresBackend({ ...parts, url });
    const rows = backend.tenant("a");
    await rows.runs.create(newRun("one"));
    await rows.runs.create(newRun("two"));
    await rows.runLog.append("two", [{ type: "message.user", text: "Hello" }]);
    const past = (sql: string): Promise<unknown> =>
      server().admin(`SET session_replication_role = replica; ${sql}`, databaseOf(url));
    await past("UPDATE runs SET task = 'other' WHERE id = 'one'");
    await expect(rows.runs.get("one")).rejects.toMatchObject({
      code: "store.bad_row",
      message: expect.stringContaining('row "one" of table runs') as string,
    });
    expect(await rows.runs.list()).toMatchObject({
      items: [{ id: "two" }],
      damaged: [expect.stringContaining('row "one" of table runs')],
    });
    await expect(rows.runs.reopen("one")).rejects.toEqual(damaged);
    expect(await rows.runs.get("two")).toMatchObject({ task: newRun("two").task });
    await past("UPDATE run_events SET at = at + 1");
    await expect(rows.runLog.read("two")).rejects.toEqual(damaged);
    await expect(
      backend.tables.write(function* () {
        yield { want: "changes", text: "DELETE FROM run_events", parameters: [] };
      }),
    ).rejects.toEqual(damaged);
    await backend.close();
  });
});
