import type { Backend } from "../backend.ts";
import { change, first, type Program } from "../program.ts";
import type { StoreTable } from "./tables.ts";

type Kind = Backend["kind"];

/** The last `seq` of a table, given out or brought along, 0 if none; its row may have gone since. */
export function* lastSeq(kind: Kind, table: StoreTable): Program<number> {
  const given = yield* givenSeq(kind, table);
  const highest = yield* first(`SELECT max(seq) AS last FROM ${table.name}`);
  return Math.max(given, Number(highest?.["last"] ?? 0));
}

/** The last `seq` that the database itself gave out, or was told to have given out. */
function* givenSeq(kind: Kind, { name }: StoreTable): Program<number> {
  const found = yield* first(givenSeqText[kind], name);
  return Number(found?.["last"] ?? 0);
}

/**
 * Makes a table give out no `seq` up to `atLeast`, after rows came with a `seq` of their own. Never
 * moves back. On SQLite inserting such a row does most of it already.
 */
export function* moveSeq(kind: Kind, table: StoreTable, atLeast: number): Program<void> {
  if ((yield* givenSeq(kind, table)) >= atLeast) return;
  if (kind === "postgres") {
    // Holds back inserts of others until the commit, or one of them could get a number in between
    // and the sequence be set back below it.
    yield* change(`LOCK TABLE ${table.name} IN SHARE ROW EXCLUSIVE MODE`);
    if ((yield* givenSeq(kind, table)) >= atLeast) return;
    yield* first(
      "SELECT setval(CAST(pg_get_serial_sequence(?, 'seq') AS regclass), CAST(? AS BIGINT)) AS set",
      table.name,
      atLeast,
    );
    return;
  }
  const update = "UPDATE sqlite_sequence SET seq = ? WHERE name = ?";
  if ((yield* change(update, atLeast, table.name)) === 0) {
    yield* change("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table.name, atLeast);
  }
}

const sqlite = "SELECT seq AS last FROM sqlite_sequence WHERE name = ?";
const givenSeqText: Readonly<Record<Kind, string>> = {
  sqlite,
  memory: sqlite,
  postgres: `SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(?, 'seq') AS regclass)) AS last`,
};
