import { statSync } from "node:fs";
import { Agent33Error } from "../../base/errors.ts";
import type { Backend } from "../backend.ts";
import { first } from "../program.ts";

/**
 * Refuses to move a store into itself, by whatever path or address it is named the second time.
 * @throws Agent33Error `store.same_store`
 */
export async function checkNotSame(from: Backend, to: Backend): Promise<void> {
  if (from !== to && (await identityOf(from)) !== (await identityOf(to))) return;
  throw new Agent33Error("store.same_store", `${from.place} and ${to.place} are the same store.`, {
    hint: "Name another folder, or another database, for the copy.",
    details: { from: from.place, to: to.place },
  });
}

/** Equal for two openings of one store, and for nothing else. */
async function identityOf({ kind, place, tables }: Backend): Promise<unknown> {
  if (kind === "memory") return Symbol(place);
  if (kind === "sqlite") {
    const { dev, ino } = statSync(place, { bigint: true });
    return `${dev} ${ino}`;
  }
  // A server has many names. It began at one microsecond, and a table in it has one number.
  const row = await tables.read(() =>
    first(
      `SELECT CAST(pg_postmaster_start_time() AS TEXT) AS began,
         CAST((SELECT oid FROM pg_database WHERE datname = current_database()) AS TEXT) AS base,
         CAST(CAST(to_regclass('migrations') AS oid) AS TEXT) AS made`,
    ),
  );
  return `${String(row?.["began"])} ${String(row?.["base"])} ${String(row?.["made"])}`;
}
