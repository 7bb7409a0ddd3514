import type { Database } from "./database.ts";

/** Whether a logical call was started before, possibly by a process that died. */
export type KeyState = "fresh" | "started" | "finished";

/** The keys of calls that must not happen twice. Each change has committed when it returns. */
export interface Idempotency {
  /** Commits the key as started unless it is known; returns what was known before. */
  reserve(key: string, runId: string | undefined, at: number): KeyState;
  finish(key: string, at: number): void;
  /** Forgets a started key: its call was never sent. A finished one stays. */
  release(key: string): void;
}

export function createIdempotency(database: Database): Idempotency {
  return {
    reserve: (key, runId, at) =>
      database.transaction((sql) => {
        const known = sql.get("SELECT state FROM idempotency WHERE key = ?", key);
        if (known !== undefined) return known["state"] as KeyState;
        sql.run(
          "INSERT INTO idempotency (key, run_id, state, started_at) VALUES (?, ?, 'started', ?)",
          key,
          runId ?? null,
          at,
        );
        return "fresh";
      }),
    finish: (key, at) => {
      database.transaction((sql) =>
        sql.run(
          `INSERT INTO idempotency (key, state, started_at, finished_at) VALUES (?, 'finished', ?, ?)
           ON CONFLICT (key) DO UPDATE SET state = 'finished', finished_at = excluded.finished_at`,
          key,
          at,
          at,
        ),
      );
    },
    release: (key) => {
      database.transaction((sql) =>
        sql.run("DELETE FROM idempotency WHERE key = ? AND state = 'started'", key),
      );
    },
  };
}
