import { isAgent33Error } from "../../base/errors.ts";
import { checkLimit } from "../pages.ts";
import { rowByRow } from "../seals/checked-text.ts";
import { change, first, type Program, read, rows, type SqlRow, write } from "../program.ts";
import type { RepositoryContext } from "./context.ts";

/** How far each run's log has been read for signals. */
export function learnedRunsRepository({ tenant, clock }: RepositoryContext) {
  return {
    /** The last event of the run that was read, by its place in the log; 0 where none was. */
    mark: read(function* (runId: string): Program<number> {
      const row = yield* first(
        "SELECT seq FROM learned_runs WHERE tenant = ? AND run_id = ?",
        tenant,
        runId,
      );
      return Number(row?.["seq"] ?? 0);
    }),
    /**
     * Runs that stand still and whose log has not been read to its end, oldest first. One that is
     * said to run stands still too where no process holds it: the one that did was killed.
     * @throws Agent33Error `store.bad_limit`
     */
    behind: read(function* (limit: number): Program<readonly string[]> {
      const found = yield* rows(
        `${rowByRow} runs.id AS id FROM runs
         WHERE runs.tenant = ?
           AND (runs.state <> 'running' OR NOT EXISTS
             (SELECT 1 FROM durable_runs WHERE durable_runs.run_id = runs.id
               AND durable_runs.state = 'running' AND durable_runs.lease_until > ?))
           AND COALESCE((SELECT learned_runs.seq FROM learned_runs
               WHERE learned_runs.tenant = runs.tenant AND learned_runs.run_id = runs.id), 0) <
             COALESCE((SELECT run_events.seq FROM run_events WHERE run_events.run_id = runs.id
                ORDER BY run_events.seq DESC LIMIT 1), 0)
         ORDER BY runs.seq LIMIT ?`,
        tenant,
        clock.now(),
        checkLimit(limit),
      );
      return [...new Set(found.map(runOf))];
    }),
    /** The log was read up to `seq`. A mark never goes back: a slow reader does not undo a quick one. */
    setMark: write(function* (runId: string, seq: number): Program<void> {
      yield* change(
        `INSERT INTO learned_runs (tenant, run_id, seq) VALUES (?, ?, ?)
         ON CONFLICT (tenant, run_id) DO UPDATE SET seq = excluded.seq
         WHERE learned_runs.seq < excluded.seq`,
        tenant,
        runId,
        seq,
      );
    }),
  };
}

/** A run of which a row is damaged is behind as well: whoever reads it is told what is wrong. */
function runOf(row: SqlRow): string {
  try {
    return String(row["id"]);
  } catch (error) {
    if (!isAgent33Error(error) || error.code !== "store.bad_row") throw error;
    const id = error.details?.["id"];
    if (typeof id !== "string") throw error;
    // An event is named by its run and its place in it.
    return error.details?.["table"] === "runs" ? id : id.replace(/ [^ ]*$/, "");
  }
}
