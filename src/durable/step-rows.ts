import { type Repeat, repeats } from "../base/effect.ts";
import type { SqlRow, SqlSession } from "./ports.ts";

type StepKind = "call" | "wait" | "poll" | "sleep";
export type StepState = "started" | "completed" | "failed";

/** One step of a run as the workflow takes it; replays must take the same. */
export interface Step {
  readonly position: number;
  readonly kind: StepKind;
  /** The activity's name, or the topic. */
  readonly name: string;
  /** Digest of a call's input; null for the others. */
  readonly inputDigest: string | null;
}

/** A step as the journal has it. */
export interface StepRow extends Step {
  readonly state: StepState;
  /** What was declared when a call's body was started. */
  readonly repeat: Repeat | null;
  /** JSON of the result, or of what was thrown; null while it is only started. */
  readonly result: string | null;
  /** When a wait or sleep ends, milliseconds since the Unix epoch; null: never by itself. */
  readonly deadline: number | null;
  readonly finishOrder: number | null;
}

export function loadSteps(sql: SqlSession, runId: string): readonly StepRow[] {
  return sql
    .all("SELECT * FROM durable_steps WHERE run_id = ? ORDER BY position", runId)
    .map(stepOf);
}

/** The start mark of a step that must not be taken for one that never began. */
export function insertStep(
  sql: SqlSession,
  runId: string,
  step: Step & { readonly repeat?: Repeat; readonly deadline?: number | null },
  now: number,
): void {
  sql.run(
    `INSERT INTO durable_steps (run_id, position, kind, name, input_digest, repeat, state, deadline, started_at)
     VALUES (?, ?, ?, ?, ?, ?, 'started', ?, ?)`,
    runId,
    step.position,
    step.kind,
    step.name,
    step.inputDigest,
    step.repeat ?? null,
    step.deadline ?? null,
    now,
  );
}

/** How a step ended; `order` is its place among the ends of the run. */
export interface StepEnd {
  readonly state: StepState;
  readonly result: string;
  readonly order: number;
}

/** The end of a step that may run again, and so needed no mark. */
export function insertEndedStep(
  sql: SqlSession,
  runId: string,
  step: Step & { readonly startedAt: number },
  end: StepEnd,
  now: number,
): void {
  sql.run(
    `INSERT INTO durable_steps (run_id, position, kind, name, input_digest, repeat, state, result,
       finish_order, started_at, finished_at)
     VALUES (?, ?, ?, ?, ?, 'safe', ?, ?, ?, ?, ?)`,
    runId,
    step.position,
    step.kind,
    step.name,
    step.inputDigest,
    end.state,
    end.result,
    end.order,
    step.startedAt,
    now,
  );
}

/** The end of a step that has its mark. */
export function finishStep(
  sql: SqlSession,
  runId: string,
  position: number,
  end: StepEnd,
  now: number,
): void {
  sql.run(
    `UPDATE durable_steps SET state = ?, result = ?, finish_order = ?, finished_at = ?
     WHERE run_id = ? AND position = ? AND state = 'started'`,
    end.state,
    end.result,
    end.order,
    now,
    runId,
    position,
  );
}

function stepOf(row: SqlRow): StepRow {
  const text = (name: string): string | null => {
    const value = row[name];
    return typeof value === "string" ? value : null;
  };
  const number = (name: string): number | null => {
    const value = row[name];
    return typeof value === "number" ? value : null;
  };
  return {
    position: Number(row["position"]),
    kind: row["kind"] as StepKind,
    name: String(row["name"]),
    inputDigest: text("input_digest"),
    state: row["state"] as StepState,
    repeat: repeats.find((word) => word === row["repeat"]) ?? null,
    result: text("result"),
    deadline: number("deadline"),
    finishOrder: number("finish_order"),
  };
}
