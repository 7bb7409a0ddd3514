import { expect } from "vitest";
import { isAgent33Error } from "../../base/errors.ts";
import { change, rows } from "../program.ts";
import { migrations } from "../schema/migrations.ts";
import { newRun } from "../store.fixture.ts";
import type { Case } from "./suite.cases.ts";

/** What holds for a place to keep a store in, whatever is kept. */
export const backendCases: readonly Case[] = [
  {
    name: "is at the newest schema and says where it is",
    run: async ({ backend }) => {
      expect(await backend.schemaVersion()).toBe(migrations.length);
      expect(backend.place).not.toBe("");
      expect(["memory", "sqlite", "postgres"]).toContain(backend.kind);
    },
  },
  {
    name: "has the same rows for a tenant each time it is asked",
    run: async ({ backend }) => {
      await backend.tenant("a").runs.create(newRun("one"));
      expect(await backend.tenant("a").runs.get("one")).toMatchObject({ tenant: "a" });
      expect(await backend.tenant("A").runs.get("one")).toBeUndefined();
    },
  },
  {
    // The Python engine loaded none of fifty records when one of them was bad.
    name: "one damaged row keeps no other from being listed",
    run: async ({ backend }) => {
      const { signals } = backend.tenant("damaged");
      const made = await signals.recordMany(
        Array.from({ length: 50 }, (_, index) => ({
          type: "bug" as const,
          severity: "low" as const,
          summary: `Part ${String.fromCharCode(97 + (index % 26)).repeat(1 + index / 26)} broke`,
          details: "",
          source: "",
          context: {},
        })),
        { dedupeWindowMs: 0 },
      );
      const bad = made[20]?.signal.id ?? "";
      await backend.tables.write(function* () {
        yield* change("UPDATE signals SET context = '{' WHERE id = ?", bad);
      });
      const page = await signals.list({ limit: 100 });
      expect(page.items).toHaveLength(49);
      expect(page.damaged).toEqual([expect.stringContaining(bad)]);
      await expect(signals.get(bad)).rejects.toMatchObject({ code: "store.bad_row" });
    },
  },
  {
    name: "writes whole tables in one transaction, or nothing",
    run: async ({ backend }) => {
      await backend.tenant("a").runs.create(newRun("one"));
      const rename = (task: string) => change("UPDATE runs SET task = ? WHERE id = 'one'", task);
      const count = await backend.tables.write(function* () {
        return yield* rename("renamed");
      });
      expect(count).toBe(1);
      await expect(
        backend.tables.write(function* () {
          yield* rename("half-way");
          throw new Error("no");
        }),
      ).rejects.toThrow("no");
      const seen = await backend.tables.read(function* () {
        return yield* rows("SELECT task, seq, unpriced_calls FROM runs WHERE id = ?", "one");
      });
      expect(seen).toEqual([{ task: "renamed", seq: 1, unpriced_calls: 0 }]);
    },
  },
  {
    name: "gives one state to read, whatever is written meanwhile",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      const ids = () => rows("SELECT id FROM runs ORDER BY seq");
      await runs.create(newRun("before"));
      const seen = await backend.tables.inOneState(async (read) => {
        const first = await read(ids);
        await runs.create(newRun("meanwhile"));
        await runs.finish("before", { outcome: "verified", costMicroUsd: 1, unpricedCalls: 0 });
        expect(await backend.tables.read(ids)).toHaveLength(2);
        const state = await read(() => rows("SELECT state FROM runs"));
        return [first, await read(ids), state];
      });
      const one = [{ id: "before" }];
      expect(seen).toEqual([one, one, [{ state: "running" }]]);
      expect(await backend.tables.inOneState((read) => read(ids))).toHaveLength(2);
      const refused = backend.tables.inOneState((read) =>
        read(() => change("UPDATE runs SET task = 'written'")),
      );
      const error: unknown = await refused.catch((error: unknown) => error);
      expect(isAgent33Error(error) ? error.code : error).toBe("store.readonly");
    },
  },
  {
    name: "answers a statement that it refuses with a typed error and goes on",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      await runs.create(newRun("one"));
      const broken = backend.tables.write(function* () {
        return yield* change("UPDATE runs SET state = 'nonsense' WHERE id = 'one'");
      });
      const error: unknown = await broken.catch((error: unknown) => error);
      expect(isAgent33Error(error) ? error.code : error).toMatch(/^store\./);
      expect(await runs.get("one")).toMatchObject({ state: "running" });
      await runs.finish("one", { outcome: "verified", costMicroUsd: 1, unpricedCalls: 0 });
      expect(await runs.get("one")).toMatchObject({ state: "finished" });
    },
  },
  {
    name: "lets writes that have begun end before it closes",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      const begun = Promise.all(
        Array.from({ length: 20 }, (_, index) => runs.create(newRun(`run-${index}`))),
      );
      await backend.close();
      expect(await begun).toHaveLength(20);
      const late: unknown = await runs.create(newRun("late")).catch((error: unknown) => error);
      expect(isAgent33Error(late) ? late.code : late).toMatch(/^store\./);
    },
  },
];
