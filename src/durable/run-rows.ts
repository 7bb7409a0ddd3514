import type { JsonValue } from "../base/json.ts";
import type { DurableState, DurableStatus } from "./contract.ts";
import { unknownRun } from "./errors.ts";
import type { SqlRow, SqlSession } from "./ports.ts";

/** One process's hold of a run. The fence counts claims, so an old holder is told from a new one. */
export interface Lease {
  readonly runId: string;
  readonly owner: string;
  readonly fence: number;
}

/** A run as its row has it. */
export interface RunRow extends DurableStatus {
  readonly input: JsonValue;
  readonly fence: number;
  readonly cancelRequested: boolean;
  /** Place of the cancellation among the finished steps, once it was handed out. */
  readonly cancelOrder: number | null;
  /** Executions that ended badly without a new finished step. */
  readonly attempts: number;
  readonly progress: number;
}

/** What says of a run who holds it, and until when by its holder's wall clock. */
export type HeldRun = Pick<RunRow, "runId" | "owner" | "fence" | "leaseUntil">;

/** Whether the run is over. */
export function isOver(state: DurableState): boolean {
  return state === "completed" || state === "failed" || state === "cancelled";
}

export function insertRun(
  sql: SqlSession,
  workflow: { readonly name: string; readonly version: number },
  runId: string,
  input: JsonValue,
  times: { readonly now: number; readonly readyAt: number },
): void {
  sql.run(
    `INSERT INTO durable_runs (run_id, workflow, version, input, state, wake_at, created_at, updated_at)
     VALUES (?, ?, ?, ?, 'pending', ?, ?, ?) ON CONFLICT (run_id) DO NOTHING`,
    runId,
    workflow.name,
    workflow.version,
    JSON.stringify(input),
    times.readyAt,
    times.now,
    times.now,
  );
}

export function findRun(sql: SqlSession, runId: string): RunRow | undefined {
  const row = sql.get("SELECT * FROM durable_runs WHERE run_id = ?", runId);
  return row === undefined ? undefined : runOf(row);
}

/** @throws Agent33Error `durable.unknown_run` */
export function loadRun(sql: SqlSession, runId: string): RunRow {
  const run = findRun(sql, runId);
  if (run === undefined) throw unknownRun(runId);
  return run;
}

/** Takes the run for `owner`; the caller has checked that nobody holds it. */
export function claimRun(
  sql: SqlSession,
  run: RunRow,
  owner: string,
  now: number,
  leaseMs: number,
): Lease {
  const finished = finishedSteps(sql, run.runId);
  // A lease that ran out is an execution that ended badly, unless it got further than the last.
  const died = run.state === "running" ? 1 : 0;
  const attempts = finished > run.progress ? died : run.attempts + died;
  sql.run(
    `UPDATE durable_runs SET state = 'running', owner = ?, fence = fence + 1, lease_until = ?,
       wake_at = NULL, attempts = ?, progress = ?, updated_at = ? WHERE run_id = ?`,
    owner,
    now + leaseMs,
    attempts,
    finished,
    now,
    run.runId,
  );
  return { runId: run.runId, owner, fence: run.fence + 1 };
}

/**
 * Whether the lease is still good. Asked first in each transaction that writes for the run: the
 * write lock keeps the answer true until the end of the transaction.
 */
export function holds(sql: SqlSession, lease: Lease): boolean {
  const row = sql.get(
    `SELECT 1 AS held FROM durable_runs
     WHERE run_id = ? AND owner = ? AND fence = ? AND state = 'running'`,
    lease.runId,
    lease.owner,
    lease.fence,
  );
  return row !== undefined;
}

export function renewLease(sql: SqlSession, runId: string, leaseUntil: number): void {
  sql.run("UPDATE durable_runs SET lease_until = ? WHERE run_id = ?", leaseUntil, runId);
}

/** Ends a run: completed, failed or cancelled. */
export function finishRun(
  sql: SqlSession,
  runId: string,
  state: DurableState,
  end: { readonly result: JsonValue; readonly error: JsonValue },
  now: number,
): void {
  sql.run(
    `UPDATE durable_runs SET state = ?, result = ?, error = ?, owner = NULL, lease_until = NULL,
       wake_at = NULL, fence = fence + 1, updated_at = ? WHERE run_id = ?`,
    state,
    JSON.stringify(end.result ?? null),
    JSON.stringify(end.error ?? null),
    now,
    runId,
  );
}

/** Lets go of a run that waits until `wakeAt`, or for a message only when that is null. */
export function suspendRun(
  sql: SqlSession,
  runId: string,
  wakeAt: number | null,
  now: number,
): void {
  sql.run(
    `UPDATE durable_runs SET state = 'waiting', owner = NULL, lease_until = NULL, wake_at = ?,
       updated_at = ? WHERE run_id = ?`,
    wakeAt,
    now,
    runId,
  );
}

/** Lets go of a run that can go on elsewhere, from `wakeAt` on; `error` is what failed here, if any. */
export function releaseRun(
  sql: SqlSession,
  runId: string,
  wakeAt: number,
  error: JsonValue,
  now: number,
): void {
  sql.run(
    `UPDATE durable_runs SET state = 'pending', owner = NULL, lease_until = NULL, wake_at = ?,
       attempts = attempts + ?, error = ?, updated_at = ? WHERE run_id = ?`,
    wakeAt,
    error === null ? 0 : 1,
    JSON.stringify(error),
    now,
    runId,
  );
}

/** Remembers where among the finished steps the run learned that it is cancelled. */
export function placeCancellation(sql: SqlSession, runId: string, order: number): void {
  sql.run(
    "UPDATE durable_runs SET cancel_requested = 1, cancel_order = ? WHERE run_id = ?",
    order,
    runId,
  );
}

export function requestCancel(sql: SqlSession, runId: string): void {
  sql.run("UPDATE durable_runs SET cancel_requested = 1 WHERE run_id = ?", runId);
}

export function isCancelRequested(sql: SqlSession, runId: string): boolean {
  const row = sql.get("SELECT cancel_requested FROM durable_runs WHERE run_id = ?", runId);
  return row?.["cancel_requested"] === 1;
}

/** A message came: a waiting run is due at once, whatever clock says when that is. */
export function wakeRun(sql: SqlSession, runId: string): void {
  sql.run("UPDATE durable_runs SET wake_at = 0 WHERE run_id = ? AND state = 'waiting'", runId);
}

/** No run that could go on is left alone for longer before it is tried again. Milliseconds. */
export const longestPauseMs = 60_000;

/** Which runs a worker may take up. */
export interface Search {
  /** Texts of the form `name@version`. */
  readonly workflows: readonly string[];
  /** Ids of runs to pass over. */
  readonly except: readonly string[];
  readonly now: number;
}

/**
 * The run that a worker should take up next: those of dead processes first, then what has been due
 * longest. A run that is to be tried again is never left for longer than a failed one is, so that
 * one that is put off by more was put off by another clock.
 * @param isOver whether the lease of a running run is over
 */
export function nextDueRun(
  sql: SqlSession,
  { workflows, except, now }: Search,
  isOver: (lease: HeldRun) => boolean,
): RunRow | undefined {
  const ours = `workflow || '@' || version IN (SELECT value FROM json_each(?))
       AND run_id NOT IN (SELECT value FROM json_each(?))`;
  const names = [JSON.stringify(workflows), JSON.stringify(except)];
  const held = sql.all(
    `SELECT run_id, owner, fence, lease_until FROM durable_runs
     WHERE state = 'running' AND ${ours} ORDER BY seq`,
    ...names,
  );
  const left = held.map(heldOf).find(isOver);
  if (left !== undefined) return findRun(sql, left.runId);
  const row = sql.get(
    `SELECT * FROM durable_runs
     WHERE (state IN ('pending', 'waiting') AND wake_at <= ? OR state = 'pending' AND wake_at > ?)
       AND ${ours}
     ORDER BY wake_at, seq LIMIT 1`,
    now,
    now + longestPauseMs,
    ...names,
  );
  return row === undefined ? undefined : runOf(row);
}

/** Whether any run is yet to be begun or tried again, ready or not. */
export function isAnyPending(sql: SqlSession, { workflows, except }: Search): boolean {
  const row = sql.get(
    `SELECT 1 AS found FROM durable_runs WHERE state = 'pending'
       AND workflow || '@' || version IN (SELECT value FROM json_each(?))
       AND run_id NOT IN (SELECT value FROM json_each(?)) LIMIT 1`,
    JSON.stringify(workflows),
    JSON.stringify(except),
  );
  return row !== undefined;
}

function finishedSteps(sql: SqlSession, runId: string): number {
  const row = sql.get(
    "SELECT count(*) AS finished FROM durable_steps WHERE run_id = ? AND state <> 'started'",
    runId,
  );
  return Number(row?.["finished"] ?? 0);
}

function numberIn(row: SqlRow, name: string): number | null {
  const value = row[name];
  return value === null || value === undefined ? null : Number(value);
}

function heldOf(row: SqlRow): HeldRun {
  return {
    runId: String(row["run_id"]),
    owner: row["owner"] === null ? null : String(row["owner"]),
    leaseUntil: numberIn(row, "lease_until"),
    fence: Number(row["fence"]),
  };
}

function runOf(row: SqlRow): RunRow {
  const json = (name: string): JsonValue => JSON.parse(String(row[name] ?? "null")) as JsonValue;
  return {
    ...heldOf(row),
    workflow: String(row["workflow"]),
    version: Number(row["version"]),
    state: row["state"] as DurableState,
    result: json("result"),
    error: json("error"),
    input: json("input"),
    cancelRequested: row["cancel_requested"] === 1,
    cancelOrder: numberIn(row, "cancel_order"),
    attempts: Number(row["attempts"]),
    progress: Number(row["progress"]),
  };
}
