import { DatabaseSync } from "node:sqlite";

/** The write transaction of a process, counted from 1, at which something happens to it. */
export interface CutPoint {
  readonly transaction: number;
  /**
   * It dies before or after the commit; or that transaction is refused because another process holds
   * the lock, and the process lives.
   */
  readonly when: "before" | "after" | "busy";
}

export const cutKinds = ["before", "after", "busy"] as const satisfies readonly CutPoint["when"][];

/** One process's connections to SQLite, which end at a point as those of a killed process do. */
export interface CutConnections {
  /** Write transactions so far. */
  readonly count: number;
  readonly isDead: boolean;
}

interface Connections {
  count: number;
  refusals: number;
  isDead: boolean;
  readonly point: CutPoint | undefined;
}

const known = new WeakMap<DatabaseSync, Connections>();
let opening: Connections | undefined;
let isPatched = false;

/** A transaction is begun twice where the first time meets another's lock. */
const refusalsInARow = 2;

function busy(): Error {
  const sqliteBusy = { code: "ERR_SQLITE_ERROR", errcode: 5 };
  return Object.assign(new Error("database is locked"), sqliteBusy);
}

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
    const { point } = connections;
    const isNext = connections.count + 1 === point?.transaction;
    if (sql === "BEGIN IMMEDIATE" && isNext && point.when === "busy") {
      connections.refusals += 1;
      if (connections.refusals <= refusalsInARow) throw busy();
    }
    if (sql !== "COMMIT") return exec.call(this, sql);
    connections.count += 1;
    const isLast = isNext && point.when !== "busy";
    if (isLast) connections.isDead = true;
    if (!isLast || point?.when === "after") exec.call(this, sql);
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
  const connections: Connections = { count: 0, refusals: 0, isDead: false, point };
  opening = connections;
  try {
    return { made: open(), connections };
  } finally {
    opening = undefined;
  }
}
