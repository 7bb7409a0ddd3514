import { messageOf } from "../../base/errors.ts";
import type { Program } from "../program.ts";
import { boundsOf, lastSeqs, type TwoStores } from "./copy-check.ts";
import { nothing, type SetAside, type Tally, withMore } from "./report.ts";
import { writeApart } from "./row-fault.ts";
import { insertNew, keyOf, replaceRow } from "./row-insert.ts";
import { type Later, laterOf } from "./row-order.ts";
import type { Row } from "./rows.ts";
import { type Difference, differences } from "./table-diff.ts";
import { countTables, type StoreTable, storeTables } from "./tables.ts";

/** Rows of one table that differ and that the target keeps as they are there. */
export interface KeptRows {
  readonly table: string;
  /** They were changed in the target after the source's. */
  readonly newer: number;
  /** Nothing says which of the two is the later, or another row has their place. */
  readonly undecided: number;
}

/** What {@link mend} did and could not do. */
export interface Mended {
  readonly written: number;
  /** Rows that only the target has. They are left: nobody can tell who wrote them. */
  readonly onlyInTarget: number;
  /** Tables in which the target keeps rows of its own. */
  readonly kept: readonly KeptRows[];
  /** Rows that the target does not take. */
  readonly refused: Tally<SetAside>;
}

export const nothingMended: Mended = { written: 0, onlyInTarget: 0, kept: [], refused: nothing };

type Change = Exclude<Difference, { readonly kind: "extra" }>;

const rowsAtOnce = 200;

/**
 * Brings the rows of some tables in which a copy is behind its source up to it. Nothing is taken
 * from the target: a row that is newer there, and one of which nobody can tell, stays as it is.
 */
export async function mend(stores: TwoStores, names: ReadonlySet<string>): Promise<Mended> {
  const { from, to } = stores;
  const seqs = await lastSeqs(from);
  const both = { from: from.tables.read, to: to.tables.read };
  let done = nothingMended;
  /** Whether the target has signals of its own, which its counts know and the source's do not. */
  let ownSignals = false;
  for (const table of storeTables.filter(({ name }) => names.has(name))) {
    let [written, newer, undecided] = [0, 0, 0];
    let { onlyInTarget, refused } = done;
    const write = async (changes: readonly Change[]): Promise<void> => {
      const count = await to.tables.write(() => writeChanges(table, changes));
      written += count;
      undecided += changes.length - count;
    };
    const refuse = ({ row }: Change, error: unknown): void => {
      const place = `${table.name} ${keyOf(table, row)}`;
      refused = withMore(refused, [{ place, reason: messageOf(error) }]);
    };
    let batch: Change[] = [];
    for await (const difference of differences(table, both, boundsOf(table, seqs))) {
      const later = laterIn(table, difference, ownSignals);
      if (difference.kind === "extra") onlyInTarget += 1;
      else if (later === "target") newer += 1;
      else if (later === "undecided") undecided += 1;
      else batch.push(difference);
      if (batch.length < rowsAtOnce) continue;
      await writeApart(batch, write, refuse);
      batch = [];
    }
    await writeApart(batch, write, refuse);
    const own = newer + undecided > 0;
    ownSignals ||= table.name === "signals" && (own || onlyInTarget > done.onlyInTarget);
    done = {
      written: done.written + written,
      onlyInTarget,
      kept: own ? [...done.kept, { table: table.name, newer, undecided }] : done.kept,
      refused,
    };
  }
  return done;
}

function laterIn(table: StoreTable, difference: Difference, ownSignals: boolean): Later {
  if (difference.kind !== "changed") return "source";
  if (ownSignals && countTables.has(table.name)) return "undecided";
  return laterOf(table, difference.row, difference.target);
}

/** How many of them it could write: the place of a new row may be taken by another one. */
function* writeChanges(table: StoreTable, changes: readonly Change[]): Program<number> {
  const missing = changes.flatMap(({ kind, row }): readonly Row[] =>
    kind === "missing" ? [row] : [],
  );
  let written = yield* insertNew(table, missing);
  for (const change of changes) {
    if (change.kind === "changed") written += yield* replaceRow(table, change.target, change.row);
  }
  return written;
}
