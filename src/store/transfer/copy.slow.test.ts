import { afterEach, describe, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { sha256 } from "../../base/digest.ts";
import type { PostgresServer } from "../../../test/support/postgres.ts";
import { describePostgres, lentStore, parts } from "../../../test/support/postgres-tests.ts";
import type { Backend } from "../backend.ts";
import { openPostgresBackend } from "../postgres/backend.ts";
import { change, rows } from "../program.ts";
import { newRun } from "../store.fixture.ts";
import { bytesSource } from "./byte-source.ts";
import { copyStore } from "./copy.ts";
import { importStore } from "./import.ts";
import { migrateState } from "./legacy.ts";
import { pythonState } from "./legacy.fixture.ts";
import { lastSeq } from "./sequences.ts";
import { storeTables } from "./tables.ts";
import {
  digestsOf,
  dyingAfter,
  exportText,
  fillStore,
  memoryBackend,
  textSource,
} from "./transfer.fixture.ts";

const clock = manualClock();
const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

type Open = () => Promise<Backend>;

const inMemory: Open = async () => {
  const backend = memoryBackend();
  cleanUps.push(() => backend.close());
  return backend;
};

const onServer =
  (server: () => PostgresServer): Open =>
  async () => {
    const backend = await openPostgresBackend({ ...parts, url: await lentStore(server()) });
    cleanUps.push(() => backend.close());
    return backend;
  };

const write = (backend: Backend, text: string) => backend.tables.write(() => change(text));
const code = (name: string) => expect.objectContaining({ code: name });

/** What holds from every kind of store to every kind. */
function copies(openSource: Open, openTarget: Open): void {
  test("copies every row and sequence, and proves it by digests", async () => {
    const [source, target] = [await openSource(), await openTarget()];
    await fillStore(source, 60);
    const phases = new Set<string>();
    const onProgress = ({ phase }: { readonly phase: string }) => phases.add(phase);
    const report = await copyStore({ from: source, to: target, clock, onProgress });
    expect(report).toMatchObject({
      resumed: false,
      mended: 0,
      onlyInTarget: 0,
      refused: { count: 0 },
      equal: true,
    });
    expect(report.tables.map(({ table, equal }) => [table, equal])).toEqual(
      storeTables.map(({ name }) => [name, true]),
    );
    expect(await digestsOf(target)).toEqual(await digestsOf(source));
    expect(report.copied).toBe(report.tables.reduce((sum, one) => sum + one.rowsInTarget, 0));
    expect([...phases]).toContain("copy lessons");
    for (const table of storeTables.filter(({ identity }) => identity)) {
      const last = (one: Backend) => one.tables.read(() => lastSeq(one.kind, table));
      expect([table.name, await last(target)]).toEqual([table.name, await last(source)]);
    }
    // The target can be used: numbers go on after those that came.
    await target.tenant("a").runs.create(newRun("after"));
    const [run] = await target.tables.read(() => rows("SELECT seq FROM runs WHERE id = 'after'"));
    expect(run).toEqual({ seq: 61 });
  });

  test("goes on after being killed at any write", async () => {
    const source = await openSource();
    await fillStore(source, 9);
    const expected = await digestsOf(source);
    let alive = 0;
    for (; alive < 60; alive += 9) {
      const target = await openTarget();
      const dying = copyStore({ from: source, to: dyingAfter(target, alive), clock });
      if (
        await dying.then(
          () => true,
          () => false,
        )
      )
        break;
      const report = await copyStore({ from: source, to: target, clock });
      expect(report).toMatchObject({ resumed: alive > 0, equal: true, mended: 0 });
      expect(await digestsOf(target)).toEqual(expected);
    }
    expect(alive).toBeGreaterThan(10);
  });

  test("an export of one is an import into the other, and back again", async () => {
    const [source, target] = [await openSource(), await openTarget()];
    await fillStore(source, 12);
    const text = await exportText(source);
    const imported = await importStore({ backend: target, source: textSource(text), clock });
    expect(imported.tables.every(({ whole }) => whole)).toBe(true);
    expect(await digestsOf(target)).toEqual(await digestsOf(source));
    expect(await exportText(target)).toBe(text);
    const again = await importStore({ backend: target, source: textSource(text), clock });
    expect(again.tables.every(({ kept }) => kept === 0)).toBe(true);
    await target.tenant("a").runs.create(newRun("after"));
  });

  test("an import into a store in use takes no number twice", async () => {
    const [source, target] = [await openSource(), await openTarget()];
    await fillStore(source, 12);
    for (const name of ["one", "two"]) await target.tenant("a").runs.create(newRun(name));
    const text = await exportText(source);
    const report = await importStore({ backend: target, source: textSource(text), clock });
    expect(report.tables.find(({ table }) => table === "runs")).toMatchObject({
      kept: 12,
      renumbered: 2,
    });
    expect(report.quarantined.count).toBe(0);
    await target.tenant("a").runs.create(newRun("three"));
    const seqs = await target.tables.read(() => rows("SELECT seq FROM runs ORDER BY seq"));
    expect(seqs.map(({ seq }) => seq)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  });

  test("mends what changed in the source while it was copied", async () => {
    const [source, target] = [await openSource(), await openTarget()];
    await fillStore(source, 9);
    const writes: Promise<unknown>[] = [];
    // The copy goes on when the source has changed, not before.
    const patient: Backend = {
      ...target,
      tables: {
        ...target.tables,
        write: async (make) => {
          await Promise.all(writes);
          return target.tables.write(make);
        },
      },
    };
    const report = await copyStore({
      from: source,
      to: patient,
      clock,
      onProgress: ({ phase }) => {
        if (writes.length > 0 || phase !== "copy lessons") return;
        writes.push(
          write(
            source,
            "UPDATE runs SET outcome = 'changed', finished_at = finished_at + 1 WHERE seq = 2",
          ),
          write(source, "INSERT INTO signal_keys (tenant, key, signal_id) VALUES ('c', 'k', 's')"),
        );
      },
    });
    expect(report).toMatchObject({ mended: 2, equal: true });
    expect(await digestsOf(target)).toEqual(await digestsOf(source));
  });
}

describe("from SQLite to SQLite", () => copies(inMemory, inMemory));

describe("a target", () => {
  test("that holds something else is refused, and stays as it is", async () => {
    const [source, target] = [await inMemory(), await inMemory()];
    await fillStore(source, 8);
    await target.tenant("a").runs.create(newRun("mine"));
    const before = await digestsOf(target);
    await expect(copyStore({ from: source, to: target, clock })).rejects.toThrowError(
      code("store.target_not_empty"),
    );
    expect(await digestsOf(target)).toEqual(before);
  });

  test("that holds the same already is left alone", async () => {
    const [source, target] = [await inMemory(), await inMemory()];
    await fillStore(source, 8);
    await copyStore({ from: source, to: target, clock });
    const again = await copyStore({ from: source, to: target, clock });
    expect(again).toMatchObject({ copied: 0, equal: true, resumed: false });
  });

  test("that was used after its copy was finished is refused: its rows are newer", async () => {
    const [source, target] = [await inMemory(), await inMemory()];
    await fillStore(source, 8);
    await copyStore({ from: source, to: target, clock });
    await write(target, "UPDATE runs SET outcome = 'newer' WHERE seq = 1");
    await expect(copyStore({ from: source, to: target, clock })).rejects.toThrowError(
      code("store.target_not_empty"),
    );
  });

  test("keeps rows that only it has, and the copy says that the two differ", async () => {
    const [source, target] = [await inMemory(), await inMemory()];
    await fillStore(source, 8);
    await expect(copyStore({ from: source, to: dyingAfter(target, 12), clock })).rejects.toThrow();
    await target.tenant("a").runs.create(newRun("only here"));
    const report = await copyStore({ from: source, to: target, clock });
    expect(report).toMatchObject({ resumed: true, onlyInTarget: 1, equal: false });
    expect(report.tables.filter(({ equal }) => !equal).map(({ table }) => table)).toEqual(["runs"]);
    expect(await target.tenant("a").runs.get("only here")).toBeDefined();
  });

  test("of another schema version is refused: one of the two must be brought up to date", async () => {
    const [source, target] = [await inMemory(), await inMemory()];
    for (const version of [0, 99]) {
      const other: Backend = { ...target, schemaVersion: () => Promise.resolve(version) };
      await expect(copyStore({ from: source, to: other, clock })).rejects.toThrowError(
        code("store.older_schema"),
      );
    }
  });
});

describePostgres("PostgreSQL", "shared", (server) => {
  describe("as a target", () => copies(inMemory, onServer(server)));
  describe("as a source", () => copies(onServer(server), inMemory));

  test("takes the Python engine's state as a file does", async () => {
    const state = Buffer.from(JSON.stringify(pythonState(80)));
    const [file, served] = [await inMemory(), await onServer(server)()];
    for (const backend of [file, served]) {
      const source = bytesSource("state", state);
      const options = { backend, source, clock, tenant: "local", kind: "legacy-json" } as const;
      const report = await migrateState(options);
      expect(report).toMatchObject({ signals: { kept: 80 }, intakes: { kept: 8 } });
      const again = await migrateState(options);
      expect(again).toMatchObject({ signals: { kept: 0, thereAlready: 80 } });
    }
    expect(await digestsOf(served)).toEqual(await digestsOf(file));
  });

  test("whose indexes cannot hold a text that is too long says which row it was", async () => {
    const [source, target] = [await inMemory(), await onServer(server)()];
    await fillStore(source, 8);
    // Not to be compressed, or it would fit.
    const long = Array.from({ length: 400 }, (_, index) => sha256(`${index}`)).join("");
    await write(source, `UPDATE signals SET source = '${long}' WHERE seq = 3`);
    const report = await copyStore({ from: source, to: target, clock });
    expect(report).toMatchObject({ equal: false, refused: { count: 1 } });
    expect(report.refused.first[0]?.reason).toContain("index row");
    expect(report.tables.find(({ table }) => table === "signals")).toMatchObject({
      rows: 8,
      rowsInTarget: 7,
    });
    const other = await onServer(server)();
    const text = await exportText(source);
    const imported = await importStore({ backend: other, source: textSource(text), clock });
    expect(imported.quarantined.first).toEqual([
      { place: expect.stringMatching(/^line/), reason: expect.stringContaining("index row") },
    ]);
    const mine = "SELECT tenant FROM quarantine WHERE source LIKE 'jsonl-%'";
    expect(await other.tables.read(() => rows(mine))).toEqual([{ tenant: "b" }]);
    expect(imported.tables.find(({ table }) => table === "signals")).toMatchObject({ kept: 7 });
  });

  test("that cannot hold a row says which, and has the others", async () => {
    const [source, target] = [await inMemory(), await onServer(server)()];
    await fillStore(source, 8);
    await write(source, "UPDATE lessons SET body = 'a' || char(0) || 'b' WHERE seq = 3");
    const report = await copyStore({ from: source, to: target, clock });
    expect(report.equal).toBe(false);
    expect(report.refused).toEqual({
      count: 1,
      first: [{ place: expect.stringContaining("lessons "), reason: expect.any(String) }],
    });
    expect(report.tables.find(({ table }) => table === "lessons")).toMatchObject({
      rows: 7,
      rowsInTarget: 6,
    });
    const others = report.tables.filter(({ table }) => table !== "lessons");
    expect(others.every(({ equal }) => equal)).toBe(true);
  });
});
