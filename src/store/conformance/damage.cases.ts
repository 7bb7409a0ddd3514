import { expect } from "vitest";
import type { Backend } from "../backend.ts";
import { newRun } from "../store.fixture.ts";
import { listSetAside, setAside } from "../transfer/quarantine.ts";
import { type Bench, type Case, code } from "./suite.cases.ts";

/** Runs a statement as another program would that knows nothing of seals. */
export type Past = (sql: string) => Promise<void>;

const signals = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    type: "bug" as const,
    severity: "low" as const,
    summary: `Part ${"abcdefghij"[index]} broke`,
    details: "",
    source: "",
    context: {},
  }));

async function filled(backend: Backend) {
  const rows = backend.tenant("a");
  const made = await rows.signals.recordMany(signals(3), { dedupeWindowMs: 0 });
  for (const id of ["one", "two", "three"]) {
    await rows.runs.create(newRun(id));
    await rows.runLog.append(id, [{ type: "message.user", text: "Hello" }]);
    await rows.runs.finish(id, { outcome: "failed", costMicroUsd: 0, unpricedCalls: 0 });
  }
  return { rows, ids: made.map(({ signal }) => signal.id) };
}

/** What a row that was changed past the program does to others: nothing, on every backend. */
export function damageCases(pastOf: (bench: Bench) => Past): readonly Case[] {
  return [
    {
      name: "one row is named as damaged, and all others of its list are served",
      run: async (bench) => {
        const { rows, ids } = await filled(bench.backend);
        await pastOf(bench)(`UPDATE signals SET summary = 'other' WHERE id = '${ids[1]}'`);
        await pastOf(bench)("UPDATE runs SET task = 'other' WHERE id = 'two'");
        const listed = await rows.signals.list();
        expect(listed.items.map(({ id }) => id)).toEqual([ids[2], ids[0]]);
        expect(listed.damaged).toEqual([expect.stringContaining(`${ids[1]}" of table signals`)]);
        const runs = await rows.runs.list();
        expect(runs.items.map(({ id }) => id)).toEqual(["three", "one"]);
        expect(runs.damaged).toEqual([expect.stringContaining('"two" of table runs')]);
      },
    },
    {
      name: "pages of a list go on past a damaged row",
      run: async (bench) => {
        const { rows, ids } = await filled(bench.backend);
        await pastOf(bench)(`UPDATE signals SET summary = 'other' WHERE id = '${ids[2]}'`);
        const first = await rows.signals.list({ limit: 1 });
        expect(first).toMatchObject({ items: [], damaged: [expect.any(String)] });
        const second = await rows.signals.list({ limit: 1, cursor: first.nextCursor ?? "" });
        expect(second.items.map(({ id }) => id)).toEqual([ids[1]]);
        expect(second.damaged).toBeUndefined();
      },
    },
    {
      name: "whoever asks for the damaged row itself, or changes it, is refused",
      run: async (bench) => {
        const { rows, ids } = await filled(bench.backend);
        const [bad = ""] = ids;
        await pastOf(bench)(`UPDATE signals SET summary = 'other' WHERE id = '${bad}'`);
        await expect(rows.signals.get(bad)).rejects.toEqual(code("store.bad_row"));
        const resolved = rows.signals.transition(bad, "resolved", "ann", "mended");
        await expect(resolved).rejects.toEqual(code("store.bad_row"));
        expect((await rows.signals.get(ids[1] ?? ""))?.state).toBe("open");
      },
    },
    {
      name: "an event that is damaged spoils its own run's log and no other's",
      run: async (bench) => {
        const { rows } = await filled(bench.backend);
        await pastOf(bench)("UPDATE run_events SET at = at + 1 WHERE run_id = 'two'");
        await expect(rows.runLog.read("two")).rejects.toEqual(code("store.bad_row"));
        expect(await rows.runLog.read("one")).toHaveLength(1);
        expect(await rows.learnedRuns.behind(10)).toEqual(["one", "two", "three"]);
      },
    },
    {
      name: "what was set aside is listed past a damaged record and a damaged note of its file",
      run: async (bench) => {
        const { backend } = bench;
        const record = (place: string) => ({
          place,
          reason: "severity",
          tenant: "a",
          content: Buffer.from("{}"),
        });
        await backend.tables.write(function* () {
          yield* setAside("file", [record("1"), record("2"), record("3")], 1);
          yield {
            want: "changes",
            text: `INSERT INTO transfers (id, kind, source, position, state, report, started_at, updated_at)
              VALUES ('file', 'legacy', '/state.json', '{}', 'finished', '{}', 1, 1)`,
            parameters: [],
          };
        });
        const list = () => backend.tables.read(() => listSetAside({}));
        expect((await list()).items.map(({ origin }) => origin)).toEqual([
          "/state.json",
          "/state.json",
          "/state.json",
        ]);
        await pastOf(bench)("UPDATE quarantine SET reason = 'other' WHERE place = '2'");
        await pastOf(bench)("UPDATE transfers SET source = '/other.json'");
        const { items, damaged } = await list();
        expect(items.map(({ place, origin }) => [place, origin])).toEqual([
          ["3", "file"],
          ["1", "file"],
        ]);
        expect(damaged).toEqual([expect.stringContaining("of table quarantine")]);
      },
    },
  ];
}
