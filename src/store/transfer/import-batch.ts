import type { Backend } from "../backend.ts";
import { first, type Program } from "../program.ts";
import { digestSoFar, type ImportState, withRows } from "./import-state.ts";
import type { Entry } from "./import-source.ts";
import { keptBytes, type Quarantined, setAside } from "./quarantine.ts";
import { countSignals } from "./recount.ts";
import { withMore } from "./report.ts";
import {
  findRow,
  type InsertOutcome,
  insertRows,
  overwriteRow,
  sameContent,
} from "./row-insert.ts";
import { type Row, withRow } from "./rows.ts";
import { chainTables, countTables, type StoreTable } from "./tables.ts";

export interface BatchContext {
  readonly kind: Backend["kind"];
  /** The transfer's id: what set-aside records are filed under. */
  readonly source: string;
  readonly now: number;
  readonly dryRun: boolean;
}

type RowEntry = Entry & { readonly parsed: { readonly kind: "row" } };

/** Writes what a batch of lines says, and returns the state with it. Keeps nothing outside. */
export function* writeBatch(
  before: ImportState,
  entries: readonly Entry[],
  context: BatchContext,
): Program<ImportState> {
  let state = before;
  const bad: Quarantined[] = [];
  for (const group of byTable(entries)) {
    const rows = group.filter((entry): entry is RowEntry => entry.parsed.kind === "row");
    for (const { place, bytes, parsed } of group) {
      if (parsed.kind === "bad") bad.push(quarantined(place, bytes, parsed.reason, parsed.tenant));
    }
    const table = rows[0]?.parsed.table;
    if (table === undefined) continue;
    const isCount = countTables.has(table.name);
    if (state.position.phase === "counts") {
      if (isCount) state = yield* takeCounts(state, table, rows, context);
      continue;
    }
    state = withDigests(state, table, rows);
    if (isCount) {
      state = passCounts(state, table, rows);
      continue;
    }
    if (table.name === "audit" || chainTables.has(table.name)) state = yield* withChains(state);
    if (chainTables.has(table.name) && state.position.chains === "made here") {
      state = yield* leaveLinks(state, table, rows);
      continue;
    }
    const written = yield* writeRows(state, table, rows, context);
    state = written.state;
    bad.push(...written.orphans);
  }
  if (!context.dryRun) yield* setAside(context.source, bad, context.now);
  const quarantine = withMore(state.report.quarantined, bad.map(shown));
  return { ...state, report: { ...state.report, quarantined: copied(quarantine) } };
}

function shown({ place, reason }: Quarantined) {
  return { place, reason };
}

function copied<T>(tally: { readonly count: number; readonly first: readonly T[] }) {
  return { count: tally.count, first: [...tally.first] };
}

function quarantined(
  place: string,
  bytes: Uint8Array,
  reason: string,
  tenant: string,
): Quarantined {
  return { place, reason, tenant, content: bytes.subarray(0, keptBytes) };
}

/** Runs of lines of one table; a bad line belongs to the run that it stands in. */
function byTable(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const groups: Entry[][] = [];
  let current: string | undefined;
  for (const entry of entries) {
    const table = entry.parsed.kind === "row" ? entry.parsed.table.name : current;
    const group = groups.at(-1);
    if (group === undefined || (current !== undefined && table !== current)) groups.push([entry]);
    else group.push(entry);
    current = table;
  }
  return groups;
}

function withDigests(
  state: ImportState,
  table: StoreTable,
  entries: readonly RowEntry[],
): ImportState {
  let digest = digestSoFar(state.position, table.name);
  for (const { parsed } of entries) digest = withRow(digest, parsed.digest);
  const tables = withRows(state.report.tables, table.name, { read: entries.length });
  return {
    position: {
      ...state.position,
      digests: { ...state.position.digests, [table.name]: digest },
    },
    report: { ...state.report, tables },
  };
}

function* writeRows(
  state: ImportState,
  table: StoreTable,
  entries: readonly RowEntry[],
  context: BatchContext,
): Program<{ readonly state: ImportState; readonly orphans: readonly Quarantined[] }> {
  const byRow = new Map(
    entries.map((entry) => [rowHere(table, entry.parsed.row, state.position), entry]),
  );
  const rows = [...byRow.keys()];
  const outcome = context.dryRun
    ? yield* foresee(table, rows)
    : yield* insertRows(context.kind, table, rows);
  const { inserted, same, other, orphans, moved } = outcome;
  if (!context.dryRun && table.name === "signals") yield* countSignals(inserted);
  const tables = withRows(state.report.tables, table.name, {
    kept: inserted.length,
    thereAlready: same,
    keptOther: other.length,
    renumbered: context.dryRun ? 0 : moved.length - countMovedThere(outcome),
  });
  const keptOther = withMore(
    state.report.keptOther,
    other.map((row) => ({
      place: byRow.get(row)?.place ?? "",
      reason: `${table.name} ${table.key.map((name) => String(row[name])).join(" ")}`,
    })),
  );
  const snapshots =
    table.name === "metric_snapshots"
      ? { ...state.position.snapshots, ...Object.fromEntries(moved) }
      : state.position.snapshots;
  return {
    state: {
      position: { ...state.position, snapshots },
      report: { ...state.report, tables, keptOther: copied(keptOther) },
    },
    orphans: orphans.map((row) => {
      const { place = "", bytes = new Uint8Array(0) } = byRow.get(row) ?? {};
      const { table: parent, column } = table.parent ?? { table: "", column: "" };
      const reason = `the row of ${parent} that it belongs to, ${String(row[column])}, is not there`;
      return quarantined(place, bytes, reason, "default");
    }),
  };
}

/** Rows that have another `seq` here since before; the others got theirs just now. */
function countMovedThere({ inserted, moved }: InsertOutcome): number {
  const mine = new Set(inserted.map((row) => row["seq"]));
  return moved.filter(([from]) => !mine.has(from)).length;
}

/**
 * The row as it must be here: a value names its snapshot by a `seq` that may differ, and a call of
 * the audit is to be linked where its links do not come with it.
 */
function rowHere(table: StoreTable, row: Row, { snapshots, chains }: ImportState["position"]): Row {
  if (table.name === "audit" && chains === "made here") return { ...row, unchained: 1 };
  if (table.name !== "metric_values") return row;
  const here = snapshots[String(row["snapshot_seq"])];
  return here === undefined ? row : { ...row, snapshot_seq: here };
}

/** What {@link insertRows} would find, for a dry run. Parents may be in the file, so none is missed. */
function* foresee(table: StoreTable, rows: readonly Row[]): Program<InsertOutcome> {
  const inserted: Row[] = [];
  const other: Row[] = [];
  let same = 0;
  for (const row of rows) {
    const there = yield* findRow(table, row);
    if (there === undefined) inserted.push(row);
    else if (sameContent(table, row, there)) same += 1;
    else other.push(row);
  }
  return { inserted, same, other, orphans: [], moved: [] };
}

/**
 * Two chains cannot be merged: each link is bound to the one before it. Where there is an audit here
 * already, the calls that come are linked here, as ones that were just made are.
 */
function* withChains(state: ImportState): Program<ImportState> {
  if (state.position.chains !== "undecided") return state;
  const there = yield* first(
    `SELECT CASE WHEN EXISTS (SELECT 1 FROM audit) OR EXISTS (SELECT 1 FROM audit_chain)
       THEN 1 ELSE 0 END AS there`,
  );
  const chains = there?.["there"] === 0 ? "as in the file" : "made here";
  return { ...state, position: { ...state.position, chains } };
}

/** Counts the links that are not taken over; those that came with an earlier import are there. */
function* leaveLinks(
  { position, report }: ImportState,
  table: StoreTable,
  entries: readonly RowEntry[],
): Program<ImportState> {
  let thereAlready = 0;
  for (const { parsed } of entries) {
    const there = yield* findRow(table, parsed.row);
    if (there !== undefined && sameContent(table, parsed.row, there)) thereAlready += 1;
  }
  const done = { thereAlready, countedHere: entries.length - thereAlready };
  return { position, report: { ...report, tables: withRows(report.tables, table.name, done) } };
}

/**
 * Counts cannot be merged: two stores may each have counted other signals, or the same. So they are
 * only passed over; whether they can be taken shows at the end of the file (`import-end.ts`).
 */
function passCounts(before: ImportState, table: StoreTable, entries: readonly RowEntry[]) {
  const countsAt = before.position.countsAt ?? entries[0]?.start ?? null;
  const tables = withRows(before.report.tables, table.name, { countedHere: entries.length });
  return {
    position: { ...before.position, countsAt },
    report: { ...before.report, tables },
  };
}

/** Writes the file's counts over those that were made here while its signals came. */
function* takeCounts(
  before: ImportState,
  table: StoreTable,
  entries: readonly RowEntry[],
  { dryRun }: BatchContext,
): Program<ImportState> {
  if (!dryRun) for (const { parsed } of entries) yield* overwriteRow(table, parsed.row);
  const taken = { kept: entries.length, countedHere: -entries.length };
  const tables = withRows(before.report.tables, table.name, taken);
  return { ...before, report: { ...before.report, tables } };
}
