import type { Row } from "./rows.ts";
import type { ChangeMark, StoreTable } from "./tables.ts";

/** Which version of a row is the later one, where its table has a mark that tells. */
export type Later = "source" | "target" | "undecided";

/**
 * Compares two rows by the marks of their table. One is later where some marks are ahead and none
 * is behind; rows that were both worked on, and rows with other keys, are undecided.
 */
export function laterOf(table: StoreTable, source: Row, target: Row): Later {
  if (table.key.some((name) => source[name] !== target[name])) return "undecided";
  const orders = table.marks.map((mark) => orderOf(mark, source, target));
  const ahead = orders.some((order) => order > 0);
  const behind = orders.some((order) => order < 0);
  // NaN: two values of which neither is the first.
  if (ahead === behind || orders.some(Number.isNaN)) return "undecided";
  return ahead ? "source" : "target";
}

/** Above 0 where the source's is later, NaN where nobody can tell. */
function orderOf({ column, stages, mayEmpty }: ChangeMark, source: Row, target: Row): number {
  const [one, other] = [source[column] ?? null, target[column] ?? null];
  if (one === other) return 0;
  if (one === null || other === null) return mayEmpty ? 0 : one === null ? -1 : 1;
  if (stages !== undefined) {
    const [at, otherAt] = [one, other].map((word) =>
      stages.findIndex((words) => words.includes(String(word))),
    );
    return at === undefined || otherAt === undefined || at < 0 || otherAt < 0
      ? Number.NaN
      : at - otherAt;
  }
  return typeof one === "number" && typeof other === "number" ? one - other : Number.NaN;
}
