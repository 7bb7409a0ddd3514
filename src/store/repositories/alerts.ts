import { type Condition, newestFirst } from "../newest-first.ts";
import type { Page, PageRequest } from "../pages.ts";
import { type Kind, pickOne, prefixRange, shownCandidates } from "../prefix.ts";
import {
  change,
  lock,
  type Program,
  read,
  rows,
  type SqlValue,
  select,
  write,
} from "../program.ts";
import { queries } from "../queries.ts";
import type { AlertHistoryTable, AlertsTable } from "../tables.ts";
import {
  type AlertAcknowledgement,
  type AlertHistoryEntry,
  alertBody,
  alertSchema,
  bodyIn,
  checkedAlert,
  historyBody,
  historySchema,
  type StoredAlert,
} from "./alert-records.ts";
import type { RepositoryContext } from "./context.ts";

const kind: Kind = {
  noun: "alert",
  unknownCode: "store.unknown_alert",
  listCommand: "agent33 alerts list --all",
};

/** What a list of alerts is narrowed to. */
export interface AlertFilter extends PageRequest {
  readonly state?: StoredAlert["state"];
  readonly rule?: string;
  readonly aboutTenant?: string;
}

/** What a list of their history is narrowed to. */
export interface AlertHistoryFilter extends PageRequest {
  readonly alertId?: string;
  readonly aboutTenant?: string;
}

const oldHistory = `tenant = ? AND at < ? AND alert_id NOT IN (
  SELECT id FROM alerts WHERE tenant = ? AND state IN ('pending', 'firing'))`;

/** Alerts of an installation, which is the tenant whose rows these are, and what became of them. */
export function alertsRepository({ tenant, ids }: RepositoryContext) {
  const rowsOf = () => queries.selectFrom("alerts").selectAll().where("tenant", "=", tenant);

  function* append(entries: readonly Omit<AlertHistoryEntry, "id">[]): Program<void> {
    for (const given of entries) {
      const entry = checkedAlert(historySchema, { id: ids(), ...given });
      const { id, alertId, rule, aboutTenant, at, kind: news, ...body } = entry;
      yield* change(
        `INSERT INTO alert_history (tenant, id, alert_id, rule, about_tenant, at, kind, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        tenant,
        id,
        alertId,
        rule,
        aboutTenant,
        at,
        news,
        JSON.stringify(body),
      );
    }
  }

  function* save(given: StoredAlert): Program<void> {
    const alert = checkedAlert(alertSchema, given);
    const { id, rule, aboutTenant, state, updatedAt, ...body } = alert;
    const values: readonly SqlValue[] = [rule, aboutTenant, state, updatedAt, JSON.stringify(body)];
    yield* change(
      `INSERT INTO alerts (tenant, id, rule, about_tenant, state, updated_at, body)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (tenant, id) DO UPDATE SET rule = excluded.rule,
         about_tenant = excluded.about_tenant, state = excluded.state,
         updated_at = excluded.updated_at, body = excluded.body`,
      tenant,
      id,
      ...values,
    );
  }

  function* load(id: string): Program<StoredAlert | undefined> {
    const [row] = yield* select(rowsOf().where("id", "=", id));
    return row === undefined ? undefined : alertOf(row);
  }

  return {
    /** Those that are pending or fire, oldest first. */
    active: read(function* (): Program<readonly StoredAlert[]> {
      const found = yield* select(
        rowsOf().where("state", "in", ["pending", "firing"]).orderBy("seq"),
      );
      return found.map(alertOf);
    }),
    get: read(load),
    /** The alert whose id begins with a prefix. @throws Agent33Error `store.unknown_alert`, `store.ambiguous_id` */
    find: read(function* (
      prefix: string,
      filter: { readonly aboutTenant?: string } = {},
    ): Program<StoredAlert> {
      const { from, to } = prefixRange(prefix);
      const all = rowsOf().where("id", ">=", from).where("id", "<", to);
      const { aboutTenant } = filter;
      const some = aboutTenant === undefined ? all : all.where("about_tenant", "=", aboutTenant);
      return alertOf(
        pickOne(prefix, yield* select(some.orderBy("id").limit(shownCandidates + 1)), kind),
      );
    }),
    /** Newest first. @throws Agent33Error `store.bad_cursor`, `store.bad_limit` */
    list: read(function* (filter: AlertFilter = {}): Program<Page<StoredAlert>> {
      const where: readonly Condition[] = [
        ["state", "=", filter.state],
        ["rule", "=", filter.rule],
        ["about_tenant", "=", filter.aboutTenant],
      ];
      return yield* newestFirst({ table: "alerts", tenant, where }, filter, alertOf);
    }),
    /**
     * Keeps how alerts stand now, and what became of them, at once.
     * @throws Agent33Error `store.bad_alert`
     */
    put: write(function* (
      alerts: readonly StoredAlert[],
      entries: readonly Omit<AlertHistoryEntry, "id">[] = [],
    ): Program<void> {
      for (const alert of alerts) {
        yield* lock("alert", tenant, alert.id);
        // What people said stands, whoever evaluates meanwhile, as long as the same episode goes on.
        const known = yield* load(alert.id);
        const keeps = known?.episode === alert.episode && alert.state === "firing";
        yield* save(keeps ? { ...alert, acknowledged: known.acknowledged } : alert);
      }
      yield* append(entries);
    }),
    /** Forgets alerts that were pending and never fired. */
    forget: write(function* (given: readonly string[]): Program<void> {
      for (const id of given) {
        yield* change(
          "DELETE FROM alerts WHERE tenant = ? AND id = ? AND state = 'pending'",
          tenant,
          id,
        );
      }
    }),
    /**
     * Notes who has taken an alert on, or that nobody has any more. Undefined, and nothing is
     * changed, where it does not fire.
     */
    acknowledge: write(function* (
      id: string,
      acknowledged: AlertAcknowledgement | null,
      entry: Omit<AlertHistoryEntry, "id">,
    ): Program<StoredAlert | undefined> {
      yield* lock("alert", tenant, id);
      const known = yield* load(id);
      if (known?.state !== "firing") return undefined;
      const next = { ...known, acknowledged, updatedAt: entry.at };
      yield* save(next);
      yield* append([entry]);
      return next;
    }),
    /** Adds to the history. @throws Agent33Error `store.bad_alert` */
    note: write(append),
    /** Newest first. @throws Agent33Error `store.bad_cursor`, `store.bad_limit` */
    history: read(function* (filter: AlertHistoryFilter = {}): Program<Page<AlertHistoryEntry>> {
      const where: readonly Condition[] = [
        ["alert_id", "=", filter.alertId],
        ["about_tenant", "=", filter.aboutTenant],
      ];
      return yield* newestFirst({ table: "alert_history", tenant, where }, filter, entryOf);
    }),
    /** How many entries of the history {@link forgetHistory} would remove. */
    forgettable: read(function* (before: number): Program<number> {
      const [row] = yield* rows(
        `SELECT COUNT(*) AS number FROM alert_history WHERE ${oldHistory}`,
        tenant,
        before,
        tenant,
      );
      return Number(row?.["number"] ?? 0);
    }),
    /**
     * Removes what became of alerts before a time. Of those that pend or fire now all of it stays.
     * @param before milliseconds since the Unix epoch
     * @returns how many entries
     */
    forgetHistory: write(function* (before: number): Program<number> {
      return yield* change(`DELETE FROM alert_history WHERE ${oldHistory}`, tenant, before, tenant);
    }),
    /** How many fire and how many notices wait, without reading them. */
    counts: read(function* (): Program<{ readonly firing: number; readonly pending: number }> {
      const found = yield* rows(
        `SELECT state, COUNT(*) AS number FROM alerts
         WHERE tenant = ? AND state IN ('pending', 'firing') GROUP BY state`,
        tenant,
      );
      const of = (state: string): number =>
        Number(found.find((row) => row["state"] === state)?.["number"] ?? 0);
      return { firing: of("firing"), pending: of("pending") };
    }),
  };
}

function alertOf(row: Omit<AlertsTable, "seq">): StoredAlert {
  const body = bodyIn(alertBody, "alerts", row.id, row.body);
  const { id, rule, about_tenant: aboutTenant, state, updated_at: updatedAt } = row;
  return { ...body, id, rule, aboutTenant, state, updatedAt };
}

function entryOf(row: Omit<AlertHistoryTable, "seq">): AlertHistoryEntry {
  const body = bodyIn(historyBody, "alert_history", row.id, row.body);
  const { id, alert_id: alertId, rule, about_tenant: aboutTenant, at, kind: news } = row;
  return { ...body, id, alertId, rule, aboutTenant, at, kind: news as AlertHistoryEntry["kind"] };
}
