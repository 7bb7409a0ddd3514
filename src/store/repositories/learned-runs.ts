import { checkLimit } from "../pages.ts";
import { asItStands } from "../seals/checked-text.ts";
import { change, first, type Program, read, rows, write } from "../program.ts";
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
     *
     * Rows are taken as they stand, as nothing of them is given but names: to look at every run's
     * seals takes as long as all runs of a tenant are many. Whoever reads a run's log looks at them.
     * @throws Agent33Error `store.bad_limit`
     */
    behind: read(function* (limit: number): Program<readonly string[]> {
      const found = yield* rows(
        `SELECT runs.id AS id FROM ${asItStands} runs
         WHERE runs.tenant = ?
           AND (runs.state <> 'running' OR NOT EXISTS
             (SELECT 1 FROM ${asItStands} durable_runs WHERE durable_runs.run_id = runs.id
               AND durable_runs.state = 'running' AND durable_runs.lease_until > ?))
           AND COALESCE((SELECT learned_runs.seq FROM ${asItStands} learned_runs
               WHERE learned_runs.tenant = runs.tenant AND learned_runs.run_id = runs.id), 0) <
             COALESCE((SELECT run_events.seq FROM ${asItStands} run_events
                WHERE run_events.run_id = runs.id ORDER BY run_events.seq DESC LIMIT 1), 0)
         ORDER BY runs.seq LIMIT ?`,
        tenant,
        clock.now(),
        checkLimit(limit),
      );
      return found.map(({ id }) => String(id));
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
