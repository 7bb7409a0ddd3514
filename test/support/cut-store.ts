import { DatabaseSync } from "node:sqlite";

/** The write transaction at which a process dies, counted from 1. */
export interface CutPoint {
  readonly transaction: number;
  /** Whether that transaction is still committed. */
  readonly when: "before" | "after";
}

/** One process's connections to SQLite, which end at a point as those of a killed process do. */
export interface CutConnections {
  /** Write transactions so far. */
  readonly count: number;
  readonly isDead: boolean;
}

interface Connections {
  count: number;
  isDead: boolean;
  readonly point: CutPoint | undefined;
}

const known = new WeakMap<DatabaseSync, Connections>();
let opening: Connections | undefined;
let isPatched = false;

const died = (): Error => new Error("this process is dead");

function patch(): void {
  if (isPatched) return;
  isPatched = true;
  // oxlint-disable-next-line typescript/unbound-method -- called with its own connection below
  const exec = DatabaseSync.prototype.exec;
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
    if (opening !== undefined && !known.has(this)) known.set(this, opening);
    const connections = known.get(this);
    // What is undone here a killed process would leave undone as well.
    if (connections === undefined || connections === opening || sql === "ROLLBACK") {
      return exec.call(this, sql);
    }
    if (connections.isDead) throw died();
    if (sql !== "COMMIT") return exec.call(this, sql);
    connections.count += 1;
    const isLast = connections.count === connections.point?.transaction;
    if (isLast) connections.isDead = true;
    if (!isLast || connections.point?.when === "after") exec.call(this, sql);
    if (isLast) throw died();
  };
}

/**
 * Opens something whose writes to SQLite end at a point. What it opened the store with is not
 * counted.
 */
export function cuttable<T>(
  open: () => T,
  point?: CutPoint,
): { readonly made: T; readonly connections: CutConnections } {
  patch();
  const connections: Connections = { count: 0, isDead: false, point };
  opening = connections;
  try {
    return { made: open(), connections };
  } finally {
    opening = undefined;
  }
}
