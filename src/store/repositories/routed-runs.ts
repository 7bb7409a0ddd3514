import { isAgent33Error, toAgent33Error } from "../../base/errors.ts";
import { decodeEvent } from "../../events/codec.ts";
import type { EventOf, StoredEvent } from "../../events/event.ts";
import { badRow } from "../damage.ts";
import { type Condition, newestFirst } from "../newest-first.ts";
import { limitOf, type Page, type PageRequest } from "../pages.ts";
import { type Program, read, rows } from "../program.ts";
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

interface RunRow {
  readonly seq: number;
  readonly id: string;
  readonly outcome: string | null;
}

/** The first and the last event of a run, as they are stored; null for one that is not there. */
interface Ends {
  readonly started: string | null;
  readonly finished: string | null;
}

/** What tier and model each run was given, and what came of it: read from the ends of its log. */
export function routedRunsRepository({ tenant }: RepositoryContext) {
  function* endsOf(found: readonly RunRow[]): Program<ReadonlyMap<number, Ends>> {
    if (found.length === 0) return new Map();
    const ends = yield* rows(
      `SELECT runs.seq AS seq,
         (SELECT event FROM run_events WHERE run_id = runs.id AND run_events.seq = 1) AS started,
         (SELECT event FROM run_events WHERE run_id = runs.id AND runs.state = 'finished' AND type = 'run.finished'
            ORDER BY run_events.seq DESC LIMIT 1) AS finished
       FROM runs WHERE tenant = ? AND runs.seq IN (${found.map(() => "?").join(", ")})`,
      tenant,
      ...found.map(({ seq }) => seq),
    );
    return new Map(
      ends.map(({ seq, started, finished }) => [
        Number(seq),
        {
          started: started === null || started === undefined ? null : String(started),
          finished: finished === null || finished === undefined ? null : String(finished),
        },
      ]),
    );
  }

  return {
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (filter: RoutedFilter = {}): Program<Page<RoutedRun>> {
      const { effort, model, agent, since, until, source, cursor } = filter;
      const limit = limitOf(filter);
      const where: readonly Condition[] = [
        ["effort", "=", effort],
        ["model", "=", model],
        ["agent", "=", agent],
        ["started_at", ">=", since],
        ["started_at", "<", until],
      ];
      const items: RoutedRun[] = [];
      const damaged: string[] = [];
      const ended = (nextCursor: string | null): Page<RoutedRun> => ({
        items,
        ...(damaged.length === 0 ? {} : { damaged }),
        nextCursor,
      });
      // Who decided stands in the event alone, so that more runs have to be looked at for it.
      const size = source === undefined ? limit : batch;
      let from = cursor;
      for (let lookedAt = 0; ; lookedAt += size) {
        const request = { limit: size, ...(from === undefined ? {} : { cursor: from }) };
        const page: Page<RunRow> = yield* newestFirst(
          { table: "runs", tenant, where },
          request,
          (row) => row,
        );
        const ends = yield* endsOf(page.items);
        for (const row of page.items) {
          if (items.length === limit) return ended(String(row.seq + 1));
          const routed = routedOf(row, ends.get(row.seq));
          if (typeof routed === "string") damaged.push(routed);
          else if ((source ?? routed.started.effortSource) === routed.started.effortSource) {
            items.push(routed);
          }
        }
        const isOver = page.nextCursor === null || source === undefined;
        if (isOver || lookedAt + size >= mostLookedAt) return ended(page.nextCursor);
        from = page.nextCursor ?? undefined;
      }
    }),
  };
}

/** A run, or what is wrong with it. */
function routedOf({ id, outcome }: RunRow, ends: Ends | undefined): RoutedRun | string {
  try {
    const started = eventIn(id, ends?.started ?? null);
    if (started?.type !== "run.started") {
      throw badRow("run_events", id, "it does not begin with run.started");
    }
    const finished = eventIn(id, ends?.finished ?? null);
    return {
      id,
      outcome,
      started,
      finished: finished?.type === "run.finished" ? finished : null,
    };
  } catch (error) {
    if (!isAgent33Error(error) || error.code !== "store.bad_row") throw error;
    return error.message;
  }
}

/** @throws Agent33Error `store.bad_row` */
function eventIn(id: string, text: string | null): StoredEvent | undefined {
  if (text === null) return undefined;
  try {
    return decodeEvent(text);
  } catch (cause) {
    throw badRow("run_events", id, toAgent33Error(cause).message, cause);
  }
}
