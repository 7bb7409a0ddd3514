import { type Condition, newestFirst } from "../newest-first.ts";
import type { Page, PageRequest } from "../pages.ts";
import { type Kind, pickOne, prefixRange, shownCandidates } from "../prefix.ts";
import { change, lock, type Program, read, select, write } from "../program.ts";
import { queries } from "../queries.ts";
import type { AlertSilencesTable } from "../tables.ts";
import {
  type AlertSilence,
  bodyIn,
  checkedAlert,
  silenceBody,
  silenceSchema,
} from "./alert-records.ts";
import type { RepositoryContext } from "./context.ts";

const kind: Kind = {
  noun: "silence",
  unknownCode: "store.unknown_silence",
  listCommand: "agent33 alerts silences",
};

/** What of an installation's alerts is not told for a time. */
export function alertSilencesRepository({ tenant, clock }: RepositoryContext) {
  const rowsOf = () =>
    queries.selectFrom("alert_silences").selectAll().where("tenant", "=", tenant);
  return {
    /** @throws Agent33Error `store.bad_alert` */
    add: write(function* (given: AlertSilence): Program<void> {
      const { id, aboutTenant, endsAt, ...body } = checkedAlert(silenceSchema, given);
      yield* change(
        `INSERT INTO alert_silences (tenant, id, about_tenant, ends_at, body)
         VALUES (?, ?, ?, ?, ?)`,
        tenant,
        id,
        aboutTenant,
        endsAt,
        JSON.stringify(body),
      );
    }),
    /** Ends one now; one that is over stays as it is. Says whether it was in force or to come. */
    end: write(function* (id: string, by: string): Program<boolean> {
      yield* lock("silence", tenant, id);
      const now = clock.now();
      const [row] = yield* select(rowsOf().where("id", "=", id).where("ends_at", ">", now));
      if (row === undefined) return false;
      const { id: _id, aboutTenant: _about, endsAt: _ends, ...body } = silenceOf(row);
      yield* change(
        "UPDATE alert_silences SET ends_at = ?, body = ? WHERE tenant = ? AND id = ?",
        now,
        JSON.stringify({ ...body, endedBy: by }),
        tenant,
        id,
      );
      return true;
    }),
    /** The silence whose id begins with a prefix. @throws Agent33Error `store.unknown_silence`, `store.ambiguous_id` */
    find: read(function* (
      prefix: string,
      filter: { readonly aboutTenant?: string } = {},
    ): Program<AlertSilence> {
      const { from, to } = prefixRange(prefix);
      const all = rowsOf().where("id", ">=", from).where("id", "<", to);
      const { aboutTenant } = filter;
      const some = aboutTenant === undefined ? all : all.where("about_tenant", "=", aboutTenant);
      return silenceOf(
        pickOne(prefix, yield* select(some.orderBy("id").limit(shownCandidates + 1)), kind),
      );
    }),
    /** Newest first. @throws Agent33Error `store.bad_cursor`, `store.bad_limit` */
    list: read(function* (
      request: PageRequest & { readonly aboutTenant?: string; readonly endsAfter?: number } = {},
    ): Program<Page<AlertSilence>> {
      // Times are whole: later than one is as late as the next.
      const first = request.endsAfter === undefined ? undefined : request.endsAfter + 1;
      const where: readonly Condition[] = [
        ["about_tenant", "=", request.aboutTenant],
        ["ends_at", ">=", first],
      ];
      return yield* newestFirst({ table: "alert_silences", tenant, where }, request, silenceOf);
    }),
    /** Those that hold now. */
    inForce: read(function* (): Program<readonly AlertSilence[]> {
      const now = clock.now();
      const found = yield* select(rowsOf().where("ends_at", ">", now).orderBy("seq"));
      return found.map(silenceOf).filter(({ startsAt }) => startsAt <= now);
    }),
  };
}

function silenceOf(row: Omit<AlertSilencesTable, "seq">): AlertSilence {
  const body = bodyIn(silenceBody, "alert_silences", row.id, row.body);
  return { ...body, id: row.id, aboutTenant: row.about_tenant, endsAt: row.ends_at };
}
