import { prefixRange } from "../prefix.ts";
import { change, first, type Program, read, rows, write } from "../program.ts";
import type { RepositoryContext } from "./context.ts";

/** Whether a logical call was started before, possibly by a process that died. */
export type KeyState = "fresh" | "started" | "finished";

/** The keys of calls that must not happen twice. */
export function idempotencyRepository({ tenant }: RepositoryContext) {
  const known = function* (key: string): Program<KeyState | undefined> {
    const row = yield* first(
      "SELECT state FROM idempotency WHERE tenant = ? AND key = ?",
      tenant,
      key,
    );
    return row?.["state"] as KeyState | undefined;
  };
  return {
    /** What is known of the key. */
    stateOf: read(function* (key: string): Program<KeyState> {
      return (yield* known(key)) ?? "fresh";
    }),
    /** Keys that begin so, in their order, and when each was started; milliseconds since the Unix epoch. */
    startedWith: read(function* (
      beginning: string,
    ): Program<readonly { readonly key: string; readonly at: number }[]> {
      const { from, to } = prefixRange(beginning);
      const found = yield* rows(
        `SELECT key, started_at FROM idempotency WHERE tenant = ? AND key >= ? AND key < ?
         ORDER BY key`,
        tenant,
        from,
        to,
      );
      return found.map((row) => ({ key: String(row["key"]), at: Number(row["started_at"]) }));
    }),
    /** Keeps the key as started unless it is known; returns what was known before. */
    reserve: write(function* (
      key: string,
      runId: string | undefined,
      at: number,
    ): Program<KeyState> {
      const made = yield* change(
        `INSERT INTO idempotency (tenant, key, run_id, state, started_at)
         VALUES (?, ?, ?, 'started', ?) ON CONFLICT (tenant, key) DO NOTHING`,
        tenant,
        key,
        runId ?? null,
        at,
      );
      if (made === 1) return "fresh";
      return (yield* known(key)) ?? "fresh";
    }),
    finish: write(function* (key: string, at: number): Program<void> {
      yield* change(
        `INSERT INTO idempotency (tenant, key, state, started_at, finished_at)
         VALUES (?, ?, 'finished', ?, ?)
         ON CONFLICT (tenant, key)
         DO UPDATE SET state = 'finished', finished_at = excluded.finished_at`,
        tenant,
        key,
        at,
        at,
      );
    }),
    /** Forgets a started key: its call was never sent. A finished one stays. */
    release: write(function* (key: string): Program<void> {
      yield* change(
        "DELETE FROM idempotency WHERE tenant = ? AND key = ? AND state = 'started'",
        tenant,
        key,
      );
    }),
  };
}
