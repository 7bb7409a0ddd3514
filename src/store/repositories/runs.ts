import { Agent33Error } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json.ts";
import { decodeEvent } from "../../events/codec.ts";
import type { StoredEvent } from "../../events/event.ts";
import { jsonIn } from "../damage.ts";
import { type Condition, newestFirst } from "../newest-first.ts";
import type { Page, PageRequest } from "../pages.ts";
import { type Kind, pickOne, prefixRange, shownCandidates } from "../prefix.ts";
import { asItStands } from "../seals/checked-text.ts";
import {
  change,
  first,
  type Program,
  read,
  rows,
  type SqlValue,
  select,
  write,
} from "../program.ts";
import { queries } from "../queries.ts";
import type { RunsTable } from "../tables.ts";
import type { RepositoryContext } from "./context.ts";

/** `parked` waits for a person. A `running` row whose process died is found by the durable lease. */
export type RunState = "running" | "parked" | "finished";

/** What a run is made with. */
export interface NewRun {
  readonly id: string;
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
  readonly tenant: string;
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

/** Which runs are asked for, newest first. */
export interface RunsRequest extends PageRequest {
  readonly state?: RunState;
  readonly outcome?: string;
  /** What stands in the id, the task, the agent or the model, in small or capital letters. */
  readonly text?: string;
  /** Begun then or later. Milliseconds since the Unix epoch. */
  readonly since?: number;
}

/** What one run used. */
export interface RunUse {
  readonly tokens: number;
  /** What is priced of it, in micro-USD. */
  readonly costMicroUsd: number;
  readonly unpricedCalls: number;
}

export interface RemovableRuns {
  readonly below: number;
  readonly learns: boolean;
  readonly limit: number;
}

const kind: Kind = {
  noun: "run",
  unknownCode: "store.unknown_run",
  listCommand: "agent33 runs list",
};

/** The rows that say which runs there are. What happened in them is in the run log. */
export function runsRepository({ tenant, clock }: RepositoryContext) {
  function* changeOne(id: string, set: string, ...values: readonly SqlValue[]): Program<void> {
    const sql = `UPDATE runs SET ${set} WHERE tenant = ? AND id = ?`;
    if ((yield* change(sql, ...values, tenant, id)) === 0) throw unknownRun(id);
  }
  const withId = (id: string) =>
    select(
      queries.selectFrom("runs").selectAll().where("tenant", "=", tenant).where("id", "=", id),
    );
  return {
    /** @throws Agent33Error `store.run_exists` */
    create: write(function* (run: NewRun): Program<Run> {
      const startedAt = clock.now();
      const made = yield* change(
        `INSERT INTO runs (id, tenant, task, agent, model, effort, state, workspace, started_at,
           cost_micro_usd, unpriced_calls, spec)
         VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, 0, 0, ?) ON CONFLICT (id) DO NOTHING`,
        run.id,
        tenant,
        run.task,
        run.agent,
        run.model,
        run.effort,
        run.workspace,
        startedAt,
        JSON.stringify(run.spec),
      );
      if (made === 0) throw runExists(run.id);
      const fresh = { outcome: null, finishedAt: null, costMicroUsd: 0, unpricedCalls: 0 };
      return { ...run, tenant, state: "running", startedAt, ...fresh };
    }),
    get: read(function* (id: string): Program<Run | undefined> {
      const [row] = yield* withId(id);
      return row === undefined ? undefined : runOf(row);
    }),
    /**
     * The run whose id begins with `prefix`.
     * @throws Agent33Error `store.unknown_run`, `store.ambiguous_id`
     */
    find: read(function* (prefix: string): Program<Run> {
      // A whole id is found at once; a beginning is looked for among all runs of the tenant.
      const [exact] = yield* withId(prefix);
      if (exact !== undefined) return runOf(exact);
      const { from, to } = prefixRange(prefix);
      const rows = yield* select(
        queries
          .selectFrom("runs")
          .selectAll()
          .where("tenant", "=", tenant)
          .where("id", ">=", from)
          .where("id", "<", to)
          .orderBy("id")
          .limit(shownCandidates + 1),
      );
      return runOf(pickOne(prefix, rows, kind));
    }),
    /** The first and the newest run of an agent, `name@version`; none where it never ran. */
    endsOfAgent: read(function* (agent: string): Program<readonly Pick<Run, "id" | "spec">[]> {
      const end = (order: "asc" | "desc") =>
        select(
          queries
            .selectFrom("runs")
            .select(["id", "spec"])
            .where("tenant", "=", tenant)
            .where("agent", "=", agent)
            .orderBy("seq", order)
            .limit(1),
        );
      const found = [...(yield* end("asc")), ...(yield* end("desc"))];
      return found.map(({ id, spec }) => ({ id, spec: jsonIn("runs", id, spec) }));
    }),
    /** Every run that is under way or waits for a person, whoever drives it, oldest first. */
    unfinished: read(function* (): Program<readonly Pick<Run, "id" | "spec">[]> {
      const found = yield* select(
        queries
          .selectFrom("runs")
          .select(["id", "spec"])
          .where("tenant", "=", tenant)
          .where("state", "<>", "finished")
          .orderBy("seq"),
      );
      return found.map(({ id, spec }) => ({ id, spec: jsonIn("runs", id, spec) }));
    }),
    /** What the newest finished runs of an agent, a tier and a model used, as their logs end with it. */
    uses: read(function* (
      of: Pick<Run, "agent" | "effort" | "model">,
      most: number,
    ): Program<readonly RunUse[]> {
      const found = yield* rows(
        `SELECT event FROM runs JOIN run_events ON run_id = runs.id
           AND run_events.seq = (SELECT seq FROM run_events WHERE run_id = runs.id ORDER BY seq DESC LIMIT 1)
         WHERE tenant = ? AND agent = ? AND effort = ? AND model = ? AND state = 'finished'
           AND type = 'run.finished' ORDER BY runs.seq DESC LIMIT ?`,
        tenant,
        of.agent,
        of.effort,
        of.model,
        most,
      );
      return found.flatMap(({ event }) => useOf(decodeEvent(String(event))));
    }),
    /** Those that were made after one of them, in their order: who reads them all keeps the `seq`. */
    after: read(function* (
      seq: number,
      limit: number,
    ): Program<readonly { readonly seq: number; readonly id: string }[]> {
      return yield* select(
        queries
          .selectFrom("runs")
          .select(["seq", "id"])
          .where("tenant", "=", tenant)
          .where("seq", ">", seq)
          .orderBy("seq")
          .limit(limit),
      );
    }),
    /**
     * Runs that ended before a moment and whose log was read for what it teaches, oldest first.
     * @param before milliseconds since the Unix epoch
     * @param below the `seq` of a run that stays, with all after it
     * @param learns whether anybody reads logs for what they teach; else none is waited for
     */
    removable: read(function* (
      before: number,
      { below, learns, limit }: RemovableRuns,
    ): Program<readonly Pick<Run, "id">[]> {
      const learned = `COALESCE((SELECT learned.seq FROM ${asItStands} learned_runs learned
          WHERE learned.tenant = runs.tenant AND learned.run_id = runs.id), 0) >=
        COALESCE((SELECT MAX(event.seq) FROM ${asItStands} run_events event
          WHERE event.run_id = runs.id), 0)`;
      const found = yield* rows(
        `SELECT runs.id AS id FROM ${asItStands} runs
         WHERE runs.tenant = ? AND runs.state = 'finished' AND runs.finished_at < ? AND runs.seq < ?
           ${learns ? `AND ${learned}` : ""}
         ORDER BY runs.seq LIMIT ?`,
        tenant,
        before,
        below,
        limit,
      );
      return found.map(({ id }) => ({ id: String(id) }));
    }),
    /**
     * Removes a run that has ended: its log, its journal, its keys. Its calls stay in the audit.
     * @returns how many events its log had; undefined, and nothing is removed, where there is no such run
     */
    remove: write(function* (id: string): Program<number | undefined> {
      const run = yield* first(
        "SELECT id FROM runs WHERE tenant = ? AND id = ? AND state = 'finished'",
        tenant,
        id,
      );
      if (run === undefined) return undefined;
      for (const table of ["durable_messages", "durable_steps", "durable_runs"]) {
        yield* change(`DELETE FROM ${table} WHERE run_id = ?`, id);
      }
      const events = yield* change("DELETE FROM run_events WHERE run_id = ?", id);
      for (const table of ["learned_runs", "idempotency"]) {
        yield* change(`DELETE FROM ${table} WHERE tenant = ? AND run_id = ?`, tenant, id);
      }
      yield* change("DELETE FROM runs WHERE tenant = ? AND id = ?", tenant, id);
      return events;
    }),
    /** How many have not ended. */
    openCount: read(function* (): Program<number> {
      const [row] = yield* rows(
        "SELECT COUNT(*) AS count FROM runs WHERE tenant = ? AND state != 'finished'",
        tenant,
      );
      return Number(row?.["count"] ?? 0);
    }),
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (request: RunsRequest = {}): Program<Page<Run>> {
      const { state, outcome, text, since } = request;
      const where: readonly Condition[] = [
        ["state", "=", state],
        ["outcome", "=", outcome],
        ["started_at", ">=", since],
        [known, "LIKE", text === undefined ? undefined : `%${escaped(text.toLowerCase())}%`],
      ];
      return yield* newestFirst({ table: "runs", tenant, where }, request, runOf);
    }),
    /** Records the end; the outcome `parked` is a pause. @throws Agent33Error `store.unknown_run` */
    finish: write(function* (id: string, end: RunEnd): Program<void> {
      yield* changeOne(
        id,
        "state = ?, outcome = ?, finished_at = ?, cost_micro_usd = ?, unpriced_calls = ?",
        end.outcome === "parked" ? "parked" : "finished",
        end.outcome,
        clock.now(),
        end.costMicroUsd,
        end.unpricedCalls,
      );
    }),
    /** A parked or interrupted run goes on. @throws Agent33Error `store.unknown_run` */
    reopen: write(function* (id: string): Program<void> {
      yield* changeOne(id, "state = 'running', outcome = NULL, finished_at = NULL");
    }),
  };
}

/** What people know a run by. */
const known = "lower(id || ' ' || task || ' ' || agent || ' ' || model)";

/** A text in which no sign stands for others. */
function escaped(text: string): string {
  return text.replace(/[!%_]/g, "!$&");
}

function useOf(event: StoredEvent): readonly RunUse[] {
  if (event.type !== "run.finished") return [];
  const { inputTokens, outputTokens, failedTokens, costMicroUsd, unpricedCalls } = event.totals;
  return [{ tokens: inputTokens + outputTokens + failedTokens, costMicroUsd, unpricedCalls }];
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
    spec: jsonIn("runs", row.id, row.spec),
    state: row.state,
    outcome: row.outcome,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    costMicroUsd: row.cost_micro_usd,
    unpricedCalls: row.unpriced_calls,
  };
}
