import type { DatabaseSync } from "node:sqlite";
import { checkedText, givesRows, newestFirst } from "../seals/checked-text.ts";
import { type DamagedRow, damagedRow, damageError, withDamaged } from "../seals/damaged-row.ts";
import { createRevisions, revisionOf, isSeal, sealHolds, sealOf } from "../seals/seal.ts";
import { checkedName, sealedTable, sealedTables } from "../seals/sealed-tables.ts";
import type { SqlRow } from "../program.ts";

/** How a connection asks a statement, once its text was looked at. */
export interface CheckedStatement {
  readonly text: string;
  /** Whether a damaged row may stand among its rows; else it fails where it meets one. */
  readonly rowsMayBeDamaged: boolean;
  readonly newestFirst: boolean;
}

/** The seals of one connection: put on what is written, looked at in what is read. */
export interface Seals {
  /** Whether {@link install} was called; before, statements are left as they are. */
  active(): boolean;
  /**
   * Makes the views that statements read from and the triggers that seal what they write. They
   * belong to the connection alone, so the file needs nothing of ours to be read or written by
   * another program; what that changes, it does not seal. The schema has to be there.
   */
  install(): void;
  /** How a statement is asked. */
  checked(text: string): CheckedStatement;
  /**
   * Runs a statement; the rows that it gives, with those among them that are damaged.
   * @throws Agent33Error `store.bad_row`
   */
  reading(statement: CheckedStatement, run: () => readonly SqlRow[]): readonly SqlRow[];
}

type Argument = string | number | undefined;

/** A row's whole spelling. */
function withReals(spelled: Argument, reals: readonly Argument[]): string {
  return reals.length === 0 ? `${spelled}` : `${spelled}|${reals.join("|")}`;
}

/**
 * The functions that triggers, views and migrations call, on one connection.
 * @param now milliseconds since the Unix epoch
 */
export function createSeals(native: DatabaseSync, now: () => number): Seals {
  const revision = createRevisions(now);
  let collecting: DamagedRow[] | undefined;
  let installed = false;
  const damaged = (table: string, spelled: string): DamagedRow => {
    const sealed = sealedTable(table);
    if (sealed === undefined) throw new TypeError(`No table "${table}" has seals.`);
    return damagedRow(sealed, spelled);
  };
  // Called for every row that is written or read, so nothing is made of the arguments that they are not.
  // Called for every row that is written or read, so nothing is made of the arguments that they are not.
  const options = { varargs: true } as const;
  const define = (name: string, run: (...values: Argument[]) => string | number): void =>
    native.function(name, options, (...values) => run(...(values as Argument[])));

  define("row_seal", (table, spelled, ...reals) =>
    sealOf(`${table}`, revision(0), withReals(spelled, reals)),
  );
  define("row_reseal", (table, seal, ...both) => {
    const half = both.length / 2;
    const before = withReals(both[0], both.slice(1, half));
    const after = withReals(both[half], both.slice(half + 1));
    if (!sealHolds(`${table}`, seal, before)) throw damageError(damaged(`${table}`, before));
    const last = isSeal(seal) ? revisionOf(seal) : 0;
    return sealOf(`${table}`, revision(last + 1), after);
  });
  define("row_holds", (table, seal, spelled, ...reals) => {
    const text = withReals(spelled, reals);
    if (sealHolds(`${table}`, seal, text)) return 1;
    const met = damaged(`${table}`, text);
    if (collecting === undefined) throw damageError(met);
    collecting.push(met);
    return 0;
  });

  return {
    active: () => installed,
    install: () => {
      if (installed) return;
      native.exec(installText(withoutRowid(native)));
      installed = true;
    },
    checked: (text) =>
      installed
        ? {
            text: checkedText(text),
            rowsMayBeDamaged: givesRows(text),
            newestFirst: newestFirst(text),
          }
        : { text, rowsMayBeDamaged: false, newestFirst: false },
    reading: (statement, run) => {
      if (!statement.rowsMayBeDamaged) return run();
      const met: DamagedRow[] = [];
      collecting = met;
      try {
        const rows = run();
        return met.length === 0 ? rows : withDamaged(rows, met, statement.newestFirst);
      } finally {
        collecting = undefined;
      }
    },
  };
}

/** What cannot be believed cannot be said to be the row that is meant, either. */
function goneText(name: string, spelled: string): string {
  return `CREATE TEMP TRIGGER seal_gone_${name} BEFORE DELETE ON main.${name} BEGIN
  SELECT row_holds('${name}', OLD.seal, ${spelled}); END;`;
}

function withoutRowid(native: DatabaseSync): ReadonlySet<string> {
  const found = native.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr");
  return new Set(found.all().map(({ name }) => String(name)));
}

/**
 * Objects of the schema `temp` may call functions of the program; those of the file may not, as
 * `trusted_schema` is off. Only the columns that a seal covers set a trigger off, so that putting
 * the seal on does not.
 */
function installText(withoutRowids: ReadonlySet<string>): string {
  return sealedTables
    .map(({ name, columns, reals, key, derived }) => {
      const place = withoutRowids.has(name) ? key : ["rowid"];
      const here = place.map((column) => `${column} = NEW.${column}`).join(" AND ");
      const spelled = (row: string): string =>
        ["spelled", ...reals].map((column) => `${row}${column}`).join(", ");
      return `
CREATE TEMP VIEW ${checkedName(name)} AS SELECT ${columns.join(", ")} FROM main.${name}
  WHERE row_holds('${name}', seal, ${spelled("")});
CREATE TEMP TRIGGER seal_new_${name} AFTER INSERT ON main.${name} BEGIN
  UPDATE ${name} SET seal = row_seal('${name}', ${spelled("NEW.")}) WHERE ${here}; END;
CREATE TEMP TRIGGER seal_changed_${name} AFTER UPDATE OF ${columns.join(", ")} ON main.${name} BEGIN
  UPDATE ${name} SET seal = row_reseal('${name}', OLD.seal, ${spelled("OLD.")}, ${spelled("NEW.")})
  WHERE ${here}; END;
${derived ? "" : goneText(name, spelled("OLD."))}`;
    })
    .join("\n");
}
