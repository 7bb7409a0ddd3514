import { toAgent33Error } from "../../base/errors.ts";
import { decodeEvent } from "../../events/codec.ts";
import type { EventOf, StoredEvent } from "../../events/event.ts";
import { badRow } from "../damage.ts";
import { beforeSeq, limitOf, type Page, type PageRequest, pageOf } from "../pages.ts";
import { type Program, read, rows, type SqlRow } from "../program.ts";
import type { RepositoryContext } from "./context.ts";

/** Which decisions to list. Times are milliseconds since the Unix epoch. */
export interface RoutedFilter extends PageRequest {
  readonly effort?: string;
  /** Who decided: `request`, `classifier` and others. */
  readonly source?: string;
  readonly model?: string;
  readonly agent?: string;
  /** Runs that began from `since` on and before `until`. */
  readonly since?: number;
  readonly until?: number;
}

/** A run as it began, and as it ended where it has. */
export interface RoutedRun {
  readonly id: string;
  /** In the words of `run.finished`, or `parked`; null while it goes on. */
  readonly outcome: string | null;
  readonly started: EventOf<"run.started">;
  readonly finished: EventOf<"run.finished"> | null;
}

/** Runs looked at for one page: where a filter finds few, a page may be short and the next go on. */
const mostLookedAt = 2_000;
const batch = 500;

/** What tier and model each run was given, and what came of it: read from the ends of its log. */
export function routedRunsRepository({ tenant }: RepositoryContext) {
  function* newest(filter: RoutedFilter, before: number, limit: number): Program<readonly Found[]> {
    const columns = { effort: filter.effort, model: filter.model, agent: filter.agent };
    const given = Object.entries(columns).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name, value }],
    );
    const { since, until } = filter;
    const found = yield* rows(
      `SELECT runs.seq AS seq, runs.id AS id, outcome, began.event AS started,
         (SELECT event FROM run_events WHERE run_id = runs.id AND type = 'run.finished'
            AND runs.state = 'finished' ORDER BY run_events.seq DESC LIMIT 1) AS finished
       FROM runs JOIN run_events began ON began.run_id = runs.id AND began.seq = 1
       WHERE tenant = ? AND runs.seq < ? ${given.map(({ name }) => `AND ${name} = ?`).join(" ")}
         ${since === undefined ? "" : "AND started_at >= ?"} ${until === undefined ? "" : "AND started_at < ?"}
       ORDER BY runs.seq DESC LIMIT ?`,
      tenant,
      before,
      ...given.map(({ value }) => value),
      ...(since === undefined ? [] : [since]),
      ...(until === undefined ? [] : [until]),
      limit,
    );
    return found as readonly Found[];
  }

  return {
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (filter: RoutedFilter = {}): Program<Page<RoutedRun>> {
      const limit = limitOf(filter);
      const { source } = filter;
      if (source === undefined) {
        return pageOf(yield* newest(filter, beforeSeq(filter), limit + 1), limit, routedOf);
      }
      const kept: Found[] = [];
      let before = beforeSeq(filter);
      let lookedAt = 0;
      let more = true;
      // Who decided stands in the event alone.
      while (more && kept.length <= limit && lookedAt < mostLookedAt) {
        const some = yield* newest(filter, before, batch);
        kept.push(...some.filter((row) => hasSource(row, source)));
        before = some.at(-1)?.seq ?? before;
        lookedAt += some.length;
        more = some.length === batch;
      }
      const page = pageOf(kept, limit, routedOf);
      return more && page.nextCursor === null ? { ...page, nextCursor: String(before) } : page;
    }),
  };
}

type Found = SqlRow & { readonly seq: number; readonly id: string };

/** One that cannot be read is among them, so that it is said. */
function hasSource({ started }: Found, source: string): boolean {
  try {
    const event = decodeEvent(String(started));
    return event.type === "run.started" && event.effortSource === source;
  } catch {
    return true;
  }
}

/** @throws Agent33Error `store.bad_row` */
function routedOf({ id, outcome, started, finished }: Found): RoutedRun {
  const first = eventIn(id, started);
  const last = finished === null ? null : eventIn(id, finished);
  if (first.type !== "run.started") throw badRow("run_events", id, "it begins with something else");
  return {
    id,
    outcome: outcome === null ? null : String(outcome),
    started: first,
    finished: last?.type === "run.finished" ? last : null,
  };
}

function eventIn(id: string, text: unknown): StoredEvent {
  try {
    return decodeEvent(String(text));
  } catch (cause) {
    throw badRow("run_events", id, toAgent33Error(cause).message, cause);
  }
}
