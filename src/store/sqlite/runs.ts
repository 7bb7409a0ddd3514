import type { Clock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json.ts";
import type { Database } from "./database.ts";
import { beforeSeq, limitOf, type Page, type PageRequest, pageOf } from "./pages.ts";
import { type Kind, pickOne, prefixRange, shownCandidates } from "./prefix.ts";
import type { Queries } from "./queries.ts";
import type { RunsTable } from "./tables.ts";

/** `parked` waits for a person. A `running` row whose process died is found by the durable lease. */
export type RunState = "running" | "parked" | "finished";

/** What a run is made with. */
export interface NewRun {
  readonly id: string;
  readonly tenant: string;
  /** The task in a few words, for lists. */
  readonly task: string;
  readonly agent: string;
  readonly model: string;
  readonly effort: string;
  /** The folder it works in, where it has one. */
  readonly workspace: string | null;
  /** Everything that is needed to resume it. */
  readonly spec: JsonValue;
}

/** One row of the list of runs. */
export interface Run extends NewRun {
  readonly state: RunState;
  /** How it ended, in the words of the `run.finished` event; null while it runs. */
  readonly outcome: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
  /** What is priced of it, in micro-USD. */
  readonly costMicroUsd: number;
  /** Model calls without a known price; they are not in the sum. */
  readonly unpricedCalls: number;
}

export interface RunEnd {
  readonly outcome: string;
  readonly costMicroUsd: number;
  readonly unpricedCalls: number;
}

/** The rows that say which runs there are. What happened in them is in the run log. */
export interface RunRepository {
  /** @throws Agent33Error `store.run_exists` */
  create(run: NewRun): Run;
  get(id: string): Run | undefined;
  /**
   * The run whose id begins with `prefix`.
   * @throws Agent33Error `store.unknown_run`, `store.ambiguous_id`
   */
  find(prefix: string): Promise<Run>;
  /** Newest first. @throws Agent33Error `store.bad_cursor` */
  list(request?: PageRequest): Promise<Page<Run>>;
  /** Records the end; the outcome `parked` is a pause. @throws Agent33Error `store.unknown_run` */
  finish(id: string, end: RunEnd): void;
  /** A parked or interrupted run goes on. @throws Agent33Error `store.unknown_run` */
  reopen(id: string): void;
}

const kind: Kind = {
  noun: "run",
  unknownCode: "store.unknown_run",
  listCommand: "agent33 runs list",
};

export function createRuns(database: Database, queries: Queries, clock: Clock): RunRepository {
  const get = (id: string): Run | undefined => {
    const row = database.sql.get("SELECT * FROM runs WHERE id = ?", id);
    return row === undefined ? undefined : runOf(row as unknown as RunsTable);
  };
  const changeOne = (id: string, sql: string, ...values: readonly (string | number)[]): void => {
    const { changes } = database.transaction((session) => session.run(sql, ...values, id));
    if (changes === 0) throw unknownRun(id);
  };
  return {
    create: (run) =>
      database.transaction((sql) => {
        const startedAt = clock.now();
        const { changes } = sql.run(
          `INSERT INTO runs (id, tenant, task, agent, model, effort, state, workspace, started_at,
             cost_micro_usd, unpriced_calls, spec)
           VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, 0, 0, ?) ON CONFLICT (id) DO NOTHING`,
          run.id,
          run.tenant,
          run.task,
          run.agent,
          run.model,
          run.effort,
          run.workspace,
          startedAt,
          JSON.stringify(run.spec),
        );
        if (changes === 0) throw runExists(run.id);
        const fresh = { outcome: null, finishedAt: null, costMicroUsd: 0, unpricedCalls: 0 };
        return { ...run, state: "running", startedAt, ...fresh };
      }),
    get,
    find: async (prefix) => {
      const { from, to } = prefixRange(prefix);
      const rows = await queries
        .selectFrom("runs")
        .selectAll()
        .where("id", ">=", from)
        .where("id", "<", to)
        .orderBy("id")
        .limit(shownCandidates + 1)
        .execute();
      return runOf(pickOne(prefix, rows, kind));
    },
    list: async (request = {}) => {
      const limit = limitOf(request);
      const rows = await queries
        .selectFrom("runs")
        .selectAll()
        .where("seq", "<", beforeSeq(request))
        .orderBy("seq", "desc")
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, runOf);
    },
    finish: (id, end) =>
      changeOne(
        id,
        `UPDATE runs SET state = ?, outcome = ?, finished_at = ?, cost_micro_usd = ?,
           unpriced_calls = ? WHERE id = ?`,
        end.outcome === "parked" ? "parked" : "finished",
        end.outcome,
        clock.now(),
        end.costMicroUsd,
        end.unpricedCalls,
      ),
    reopen: (id) =>
      changeOne(
        id,
        "UPDATE runs SET state = 'running', outcome = NULL, finished_at = NULL WHERE id = ?",
      ),
  };
}

/** The error for a run id that the store does not hold. */
export function unknownRun(id: string): Agent33Error {
  return new Agent33Error("store.unknown_run", `There is no run "${id}".`, {
    hint: "List them with `agent33 runs list`.",
    details: { id },
  });
}

function runExists(id: string): Agent33Error {
  return new Agent33Error("store.run_exists", `There is a run "${id}" already.`, {
    hint: "Resume it, or start a new run without giving an id.",
    details: { id },
  });
}

function runOf(row: Omit<RunsTable, "seq">): Run {
  return {
    id: row.id,
    tenant: row.tenant,
    task: row.task,
    agent: row.agent,
    model: row.model,
    effort: row.effort,
    workspace: row.workspace,
    spec: JSON.parse(row.spec) as JsonValue,
    state: row.state,
    outcome: row.outcome,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    costMicroUsd: row.cost_micro_usd,
    unpricedCalls: row.unpriced_calls,
  };
}
