import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { digestOf } from "../../base/digest.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { Backend } from "../backend.ts";
import { first, type Program } from "../program.ts";
import {
  boundsOf,
  type ComparedTable,
  compareStores,
  type LastSeqs,
  lastSeqs,
} from "./copy-check.ts";
import { type Mended, mend, nothingMended } from "./copy-mend.ts";
import type { OnProgress } from "./report.ts";
import { writeApart } from "./row-fault.ts";
import { insertNew } from "./row-insert.ts";
import { countRows, pagesOf, type Row } from "./rows.ts";
import { checkNotSame } from "./same-store.ts";
import { moveSeq } from "./sequences.ts";
import { type StoreTable, storeTables } from "./tables.ts";
import { findTransfer, saveTransfer, type Transfer } from "./transfer-state.ts";

export interface CopyOptions {
  readonly from: Backend;
  readonly to: Backend;
  readonly clock: Clock;
  readonly onProgress?: OnProgress;
}

export interface CopyReport extends Omit<Mended, "written"> {
  readonly from: string;
  readonly to: string;
  /** Whether a copy that was broken off went on. */
  readonly resumed: boolean;
  /** Rows that this call brought over. */
  readonly copied: number;
  /** Rows that changed or came in the source after they were copied, and were brought over. */
  readonly mended: number;
  /** Every table of both, read to the end after the copy. */
  readonly tables: readonly ComparedTable[];
  /** Whether both stores hold the same. If not, running the copy again goes on: nothing is lost. */
  readonly equal: boolean;
}

const positionSchema = z.object({
  /** The table that is being copied; null once all are. */
  table: z.string().nullable(),
  /** The row of it after which the copy goes on. */
  after: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).nullable(),
});
type Position = z.output<typeof positionSchema>;

const copiedAll: Position = { table: null, after: null };
/** How often rows that changed meanwhile are looked for before the source counts as in use. */
const mendPasses = 2;

/**
 * Copies a whole store into an empty one, of any two kinds, and compares the two row by row at the
 * end. Killed at any moment, it goes on where it was.
 * @throws Agent33Error `store.same_store`, `store.target_not_empty`, `store.older_schema`,
 * `store.transfer_elsewhere`, other `store.*` of either side
 */
export async function copyStore(options: CopyOptions): Promise<CopyReport> {
  const { from, to } = options;
  await checkNotSame(from, to);
  await checkSchemas(from, to);
  const id = await idOf(from);
  const noted = await to.tables.read(() => findTransfer(id));
  const places = { from: from.place, to: to.place };
  if (noted?.state !== "running" && (await countRows(to.tables.read)) > 0) {
    const tables = await compareStores(options);
    if (!tables.every(({ equal }) => equal)) throw notEmpty(from, to, noted);
    const { written: mended, ...counts } = nothingMended;
    return { ...places, resumed: false, copied: 0, mended, ...counts, tables, equal: true };
  }
  const log = createLog(options, id, noted);
  const copied = await copyTables(options, log);
  const seqs = await lastSeqs(from);
  await log.write(() => moveSeqs(to, seqs), copiedAll);
  let mended = 0;
  let found = nothingMended;
  let tables = await compareStores(options);
  for (let pass = 0; pass < mendPasses && !tables.every(({ equal }) => equal); pass += 1) {
    const unequal = tables.filter(({ equal }) => !equal).map(({ table }) => table);
    found = await mend(options, new Set(unequal));
    mended += found.written;
    const now = await lastSeqs(from);
    await log.write(() => moveSeqs(to, now), copiedAll);
    tables = await compareStores(options);
  }
  const equal = tables.every((table) => table.equal);
  if (equal) await log.write(function* () {}, copiedAll, "finished");
  const { written: _, ...left } = found;
  return { ...places, resumed: noted !== undefined, copied, mended, ...left, tables, equal };
}

/** Writes into the target, each time with how far the copy is then. */
interface Log {
  position(): Position;
  write<T>(work: () => Program<T>, position: Position, state?: Transfer["state"]): Promise<T>;
}

function createLog({ from, to, clock }: CopyOptions, id: string, noted: Transfer | undefined): Log {
  let last = noted;
  return {
    position: () => {
      if (last === undefined) return { table: storeTables[0]?.name ?? null, after: null };
      return positionSchema.parse(last.position);
    },
    write: async (work, position, state = "running") => {
      const before = last;
      const done = await to.tables.write(function* () {
        const value = yield* work();
        const transfer: Transfer = {
          id,
          kind: "copy",
          source: `${from.kind} ${from.place}`,
          position,
          state,
          report: {},
        };
        yield* saveTransfer(before, transfer, clock.now());
        return { value, transfer };
      });
      last = done.transfer;
      return done.value;
    },
  };
}

/** Brings over what is left; how many rows it was. A row that the target refuses is left out. */
async function copyTables({ from, onProgress }: CopyOptions, log: Log): Promise<number> {
  let copied = 0;
  const begin = log.position();
  const total = await countRows(from.tables.read);
  const seqs = await lastSeqs(from);
  const write = async (table: StoreTable, rows: readonly Row[]): Promise<void> => {
    const last = rows.at(-1);
    const after = table.order.map((name) => [name, last?.[name] ?? null]);
    const position = { table: table.name, after: Object.fromEntries(after) as Position["after"] };
    copied += await log.write(() => insertNew(table, rows), position);
    onProgress?.({ phase: `copy ${table.name}`, done: copied, total: Math.max(total, copied) });
  };
  const place = storeTables.findIndex(({ name }) => name === begin.table);
  for (const table of place === -1 ? [] : storeTables.slice(place)) {
    const after = table.name === begin.table ? begin.after : null;
    const part = { ...boundsOf(table, seqs), ...(after === null ? {} : { after }) };
    for await (const page of pagesOf(from.tables.read, table, part)) {
      // What the target does not take, the check afterwards reports.
      await writeApart(
        page,
        (rows) => write(table, rows),
        () => undefined,
      );
    }
  }
  return copied;
}

function* moveSeqs(to: Backend, seqs: LastSeqs): Program<void> {
  for (const [table, seq] of seqs) yield* moveSeq(to.kind, table, seq);
}

/** What a source is known by: its place, and when it was made. */
async function idOf({ kind, place, tables }: Backend): Promise<string> {
  const born = await tables.read(() =>
    first("SELECT applied_at FROM migrations WHERE version = ?", 1),
  );
  return `copy-${digestOf([kind, place, Number(born?.["applied_at"])]).slice(0, 32)}`;
}

async function checkSchemas(from: Backend, to: Backend): Promise<void> {
  const [source, target] = [await from.schemaVersion(), await to.schemaVersion()];
  if (source === target) return;
  const older = source < target ? from : to;
  throw new Agent33Error(
    "store.older_schema",
    `${older.place} has schema version ${Math.min(source, target)}, the other store ${Math.max(source, target)}.`,
    {
      hint: `Bring it up to date first: agent33 store migrate ${older.place}`,
      details: { source, target },
    },
  );
}

function notEmpty(from: Backend, to: Backend, noted: Transfer | undefined): Agent33Error {
  const what =
    noted === undefined
      ? "is not empty and does not hold the same"
      : "holds a finished copy, and one of the two was written to since";
  return new Agent33Error("store.target_not_empty", `${to.place} ${what}.`, {
    hint: "Copy into a new, empty store. To add what is missing to a store in use, export and import.",
    details: { from: from.place, to: to.place },
  });
}
