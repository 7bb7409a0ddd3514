import type { AuditState, AuditTable, Cell, Cells } from "../support/audited-store.ts";

/** One thing that somebody does to the tables, in SQL. */
export interface Mutation {
  readonly kind: "change" | "removal" | "swap" | "insertion" | "cutting the end" | "old state";
  readonly name: string;
  readonly statements: readonly (readonly [sql: string, ...values: readonly Cell[]])[];
}

const keys: Readonly<Record<AuditTable, readonly string[]>> = {
  audit: ["call_id"],
  audit_chain: ["tenant", "position"],
  audit_checkpoints: ["tenant", "position"],
};

/** Which row is meant. */
const which = (table: AuditTable): string => keys[table].map((name) => `${name} = ?`).join(" AND ");
const keyOf = (table: AuditTable, row: Cells): readonly Cell[] =>
  keys[table].map((name) => row[name] ?? null);
const nameOf = (table: AuditTable, row: Cells): string => `${table} ${keyOf(table, row).join(" ")}`;

/** Other values that the column could hold; not all of them does the schema take. */
function othersOf(value: Cell | undefined): readonly Cell[] {
  if (typeof value === "number")
    return [value + 1, value - 1, -value - 5, 0].filter((n) => n !== value);
  if (typeof value !== "string") return ["a", ""];
  const words = ["open", "closed", "a", "b", "nobody", "", `${value} `, value.toUpperCase()];
  const inside = value.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
  return [...new Set([...words, inside, value.slice(0, -1)])].filter((word) => word !== value);
}

/** Every column of every row, set to each of some other values. */
export function* changes(state: AuditState, tenant: string): Generator<Mutation> {
  for (const [table, rows] of Object.entries(state) as [AuditTable, readonly Cells[]][]) {
    for (const row of rows.filter((one) => one["tenant"] === tenant)) {
      for (const [column, value] of Object.entries(row)) {
        for (const other of othersOf(value)) {
          yield {
            kind: "change",
            name: `${nameOf(table, row)}: ${column} becomes ${String(other)}`,
            statements: [
              [
                `UPDATE ${table} SET ${column} = ? WHERE ${which(table)}`,
                other,
                ...keyOf(table, row),
              ],
            ],
          };
        }
      }
    }
  }
}

export function* removals(state: AuditState, tenant: string): Generator<Mutation> {
  for (const [table, rows] of Object.entries(state) as [AuditTable, readonly Cells[]][]) {
    for (const row of rows.filter((one) => one["tenant"] === tenant)) {
      yield {
        kind: "removal",
        name: nameOf(table, row),
        statements: [[`DELETE FROM ${table} WHERE ${which(table)}`, ...keyOf(table, row)]],
      };
    }
  }
}

/** Each two rows of a table, with the values of one column exchanged, or all but their keys. */
export function* swaps(state: AuditState, tenant: string): Generator<Mutation> {
  for (const [table, all] of Object.entries(state) as [AuditTable, readonly Cells[]][]) {
    const rows = all.filter((one) => one["tenant"] === tenant);
    for (const [index, one] of rows.entries()) {
      for (const other of rows.slice(index + 1)) {
        const differing = Object.keys(one).filter((name) => one[name] !== other[name]);
        const contents = differing.filter((name) => !keys[table].includes(name) && name !== "seq");
        for (const columns of [...differing.map((name) => [name]), contents]) {
          yield* swapOf(table, one, other, columns);
        }
      }
    }
  }
}

function* swapOf(
  table: AuditTable,
  one: Cells,
  other: Cells,
  columns: readonly string[],
): Generator<Mutation> {
  if (columns.length === 0) return;
  const set = columns.map((name) => `${name} = ?`).join(", ");
  const away = columns.map((name) => (typeof one[name] === "number" ? -77 : "\u0001away"));
  const valuesOf = (row: Cells): readonly Cell[] => columns.map((name) => row[name] ?? null);
  const at = `WHERE ${which(table)}`;
  const moved = keys[table].map((name) => {
    const index = columns.indexOf(name);
    return index === -1 ? (one[name] ?? null) : (away[index] ?? null);
  });
  // Out of the way first where a unique index or a word list would be: the state cannot go there.
  const free = columns.every((name) => !["state", "unchained"].includes(name));
  yield {
    kind: "swap",
    name: `${nameOf(table, one)} and ${nameOf(table, other)}: ${columns.join(", ")}`,
    statements: free
      ? [
          [`UPDATE ${table} SET ${set} ${at}`, ...away, ...keyOf(table, one)],
          [`UPDATE ${table} SET ${set} ${at}`, ...valuesOf(one), ...keyOf(table, other)],
          [`UPDATE ${table} SET ${set} ${at}`, ...valuesOf(other), ...moved],
        ]
      : [
          [`UPDATE ${table} SET ${set} ${at}`, ...valuesOf(other), ...keyOf(table, one)],
          [`UPDATE ${table} SET ${set} ${at}`, ...valuesOf(one), ...keyOf(table, other)],
        ],
  };
}

/** A copy of each row under another key, marked as one that is linked. */
export function* insertions(state: AuditState, tenant: string): Generator<Mutation> {
  for (const [table, rows] of Object.entries(state) as [AuditTable, readonly Cells[]][]) {
    const mine = rows.filter((one) => one["tenant"] === tenant);
    for (const row of mine) {
      const last = Math.max(...mine.map((one) => Number(one["position"] ?? one["seq"])));
      for (const copy of copiesOf(table, row, last)) {
        const names = Object.keys(copy);
        yield {
          kind: "insertion",
          name: `${nameOf(table, copy)} after ${nameOf(table, row)}`,
          statements: [
            [
              `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
              ...Object.values(copy),
            ],
          ],
        };
      }
    }
  }
}

function copiesOf(table: AuditTable, row: Cells, last: number): readonly Cells[] {
  if (table === "audit") {
    const { seq: _, ...rest } = row;
    return [
      { ...rest, call_id: `${String(row["call_id"])} again`, unchained: 0 },
      { ...row, seq: -3, call_id: "before all", unchained: 0 },
    ];
  }
  const position = Number(row["position"]);
  if (table === "audit_checkpoints")
    return [position + 1, position - 1, last + 5].map((at) => ({ ...row, position: at }));
  return ["open", "closed"].flatMap((state) =>
    [last + 1, 0, -1].flatMap((at) => [
      { ...row, position: at, state },
      { ...row, position: at, state, call_id: "nobody's call" },
    ]),
  );
}

/** The chain from each place on cut away, with its checkpoints and, one time each, with its records. */
export function* cuts(state: AuditState, tenant: string): Generator<Mutation> {
  const links = state.audit_chain.filter((one) => one["tenant"] === tenant);
  for (const { position } of links) {
    const from = Number(position);
    const tail = links.filter((one) => Number(one["position"]) >= from);
    const chain = [
      ["DELETE FROM audit_chain WHERE tenant = ? AND position >= ?", tenant, from],
      ["DELETE FROM audit_checkpoints WHERE tenant = ? AND position >= ?", tenant, from],
    ] as const;
    const records = tail.map(
      ({ call_id }) => ["DELETE FROM audit WHERE call_id = ?", call_id ?? null] as const,
    );
    const marks = tail.map(
      ({ call_id }) =>
        ["UPDATE audit SET unchained = 1 WHERE call_id = ?", call_id ?? null] as const,
    );
    const name = `${tenant} from ${from} on`;
    yield { kind: "cutting the end", name, statements: chain };
    yield {
      kind: "cutting the end",
      name: `${name}, records too`,
      statements: [...chain, ...records],
    };
    yield {
      kind: "cutting the end",
      name: `${name}, marked as new`,
      statements: [...chain, ...marks],
    };
  }
}
