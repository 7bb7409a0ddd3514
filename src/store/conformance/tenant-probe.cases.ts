import { expect } from "vitest";
import { isAgent33Error } from "../../base/errors.ts";
import type { ManualClock } from "../../base/clock.ts";
import type { Backend } from "../backend.ts";
import { rows } from "../program.ts";
import type { TenantStore } from "../repositories/index.ts";
import { inMemory, openDatabase } from "../sqlite/database.ts";
import { migrate } from "../sqlite/migrations.ts";
import type { Bench, Case } from "./suite.cases.ts";

export type RepositoryName = keyof TenantStore;

/** What a tenant's rows are made with. */
export interface Filling {
  /** Begins every id that the tenant chooses; two tenants' ids begin alike. */
  readonly name: string;
  /** Stands in every text of theirs. Nobody else may ever read it. */
  readonly mark: string;
  readonly clock: ManualClock;
}

/** One call of a stranger's operation with what belongs to another tenant, and what is to come of it. */
export type Swap<N extends RepositoryName, H> = (
  stranger: TenantStore[N],
  theirs: H,
  own: H,
  clock: ManualClock,
) => Promise<void>;

/** How one repository is tried. */
export interface Probe<N extends RepositoryName, H> {
  /** Makes rows of a tenant; returns their ids and keys. */
  readonly fill: (store: TenantStore, filling: Filling) => Promise<H>;
  /** All that a tenant can read of its rows. */
  readonly view: (store: TenantStore, handles: H) => Promise<unknown>;
  /** An entry for every operation. A new operation without one does not compile, and fails. */
  readonly swaps: { readonly [O in keyof TenantStore[N]]: Swap<N, H> };
}

/** A case that tries every operation that the repository has, each between two new tenants. */
export function probe<N extends RepositoryName, H>(name: N, parts: Probe<N, H>): Case {
  return {
    name: `${name}: nothing of another tenant is seen or changed`,
    run: async ({ backend, clock }: Bench) => {
      const operations = Object.keys(backend.tenant("owner")[name]);
      const swaps = parts.swaps as Readonly<Record<string, Swap<N, H> | undefined>>;
      expect(Object.keys(swaps).sort(), "one entry for each operation").toEqual(operations.sort());
      for (const operation of operations) {
        const [owner, stranger] = [`owner-${operation}`, `stranger-${operation}`];
        const mark = `secret of ${operation}`;
        const theirs = await parts.fill(backend.tenant(owner), {
          name: `${operation}-theirs`,
          mark,
          clock,
        });
        const own = await parts.fill(backend.tenant(stranger), {
          name: `${operation}-own`,
          mark: "known",
          clock,
        });
        const before = await stateOf(backend, owner);
        const seen = await parts.view(backend.tenant(owner), theirs);
        expect(before, `${operation}: the owner has rows with the mark`).toContain(mark);
        const called = new Set<string>();
        const face = watched(backend.tenant(stranger)[name], mark, called);
        await swaps[operation]?.(face, theirs, own, clock);
        expect(called, `${operation} was called`).toContain(operation);
        expect(await parts.view(backend.tenant(owner), theirs), operation).toEqual(seen);
        expect(await stateOf(backend, owner), operation).toBe(before);
      }
    },
  };
}

/** The functions, where nothing that comes out of one may contain another tenant's mark. */
function watched<R extends object>(repository: R, mark: string, called: Set<string>): R {
  const check = (name: string, what: unknown): void =>
    expect(textOf(what), `what ${name} gives`).not.toContain(mark);
  const entries = Object.entries(repository).map(([name, run]) => [
    name,
    async (...args: readonly unknown[]): Promise<unknown> => {
      called.add(name);
      try {
        const result: unknown = await (run as (...args: readonly unknown[]) => unknown)(...args);
        check(name, result);
        return result;
      } catch (error) {
        check(name, error);
        throw error;
      }
    },
  ]);
  return Object.fromEntries(entries) as R;
}

function textOf(what: unknown): string {
  if (isAgent33Error(what)) return JSON.stringify([what.message, what.hint, what.details]);
  return what instanceof Error ? String(what) : (JSON.stringify(what) ?? "");
}

/** Every row of a tenant in every table, as text. */
async function stateOf(backend: Backend, tenant: string): Promise<string> {
  const found = await backend.tables.read(function* () {
    const state: Record<string, readonly string[]> = {};
    for (const table of tenantTables()) {
      const all = yield* rows(`SELECT * FROM ${table} WHERE tenant = ?`, tenant);
      state[table] = all.map((row) => JSON.stringify(row)).sort();
    }
    state["run_events"] = (yield* rows(
      `SELECT run_events.* FROM run_events JOIN runs ON runs.id = run_id
       WHERE tenant = ? ORDER BY run_id, run_events.seq`,
      tenant,
    )).map((row) => JSON.stringify(row));
    return state;
  });
  return JSON.stringify(found, undefined, 1);
}

let known: readonly string[] | undefined;

/** The tables with a column `tenant`: the same on every backend, so asked of the simplest one. */
function tenantTables(): readonly string[] {
  if (known !== undefined) return known;
  const database = openDatabase({ path: inMemory });
  migrate(database, { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() });
  known = database.sql
    .all(
      `SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
       WHERE t.type = 'table' AND c.name = 'tenant' ORDER BY t.name`,
    )
    .map(({ name }) => String(name));
  database.close();
  return known;
}
