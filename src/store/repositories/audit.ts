import type { JsonObject } from "../../base/json.ts";
import { jsonIn } from "../damage.ts";
import { type Condition, newestFirst } from "../newest-first.ts";
import type { Page, PageRequest } from "../pages.ts";
import { type Kind, pickOne, prefixRange, shownCandidates } from "../prefix.ts";
import { change, type Program, read, select, write } from "../program.ts";
import { queries } from "../queries.ts";
import type { AuditTable } from "../tables.ts";
import type { RepositoryContext } from "./context.ts";

/** What the audit looks at in a call's record; the whole record is kept beside it. */
export interface AuditRecord {
  readonly callId: string;
  readonly runId?: string;
  readonly at: number;
  readonly connector: string;
  readonly operation: string;
  readonly outcome: string;
  readonly decision: { readonly effect: string; readonly ruleId: string };
}

/** One outbound call, as it is kept. */
export interface AuditEntry {
  readonly callId: string;
  readonly runId: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** `open`: sent or about to be, and its end is not known (yet). */
  readonly state: "open" | "closed";
  readonly connector: string;
  readonly operation: string;
  readonly decision: string;
  readonly ruleId: string;
  readonly outcome: string;
  /** The record as the boundary gave it. */
  readonly record: JsonObject;
}

/** Which calls to list; what is not named is not looked at. */
export interface AuditFilter extends PageRequest {
  readonly runId?: string;
  readonly connector?: string;
  /** `ok` or the error's code. */
  readonly outcome?: string;
  /** What policy said: `allow`, `ask` or `deny`. */
  readonly decision?: string;
  /** Calls that began from `since` on and before `until`. Milliseconds since the Unix epoch. */
  readonly since?: number;
  readonly until?: number;
}

const kind: Kind = {
  noun: "call",
  unknownCode: "store.unknown_call",
  listCommand: "agent33 audit list",
};

// Whatever a row becomes, the chain has not seen it so.
const upsert = `
  INSERT INTO audit (tenant, call_id, run_id, at, state, connector, operation, decision, rule_id, outcome, record, unchained)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
  ON CONFLICT (call_id) DO UPDATE SET
    state = excluded.state, decision = excluded.decision, rule_id = excluded.rule_id,
    outcome = excluded.outcome, record = excluded.record, unchained = 1
  WHERE audit.state = 'open' AND audit.tenant = excluded.tenant`;

/** Among so many of the last calls failures are looked for, so that it takes no longer as the audit grows. */
const recentCalls = 20_000;

/** One row a call, denied calls too. A closed row is never changed. */
export function auditRepository({ tenant }: RepositoryContext) {
  const put = (state: AuditEntry["state"]) =>
    write(function* (record: AuditRecord): Program<void> {
      yield* change(
        upsert,
        tenant,
        record.callId,
        record.runId ?? null,
        record.at,
        state,
        record.connector,
        record.operation,
        record.decision.effect,
        record.decision.ruleId,
        record.outcome,
        JSON.stringify(record),
      );
    });
  return {
    open: put("open"),
    close: put("closed"),
    /** @throws Agent33Error `store.bad_row` */
    get: read(function* (callId: string): Program<AuditEntry | undefined> {
      const [row] = yield* select(
        queries
          .selectFrom("audit")
          .selectAll()
          .where("tenant", "=", tenant)
          .where("call_id", "=", callId),
      );
      return row === undefined ? undefined : entryOf(row);
    }),
    /**
     * The call whose id begins with `prefix`.
     * @throws Agent33Error `store.unknown_call`, `store.ambiguous_id`, `store.bad_row`
     */
    find: read(function* (prefix: string): Program<AuditEntry> {
      // A whole id is found at once; a beginning is looked for among all records of the tenant.
      const [exact] = yield* select(
        queries
          .selectFrom("audit")
          .selectAll()
          .where("tenant", "=", tenant)
          .where("call_id", "=", prefix),
      );
      if (exact !== undefined) return entryOf(exact);
      const { from, to } = prefixRange(prefix);
      const found = yield* select(
        queries
          .selectFrom("audit")
          .selectAll()
          .where("tenant", "=", tenant)
          .where("call_id", ">=", from)
          .where("call_id", "<", to)
          .orderBy("call_id")
          .limit(shownCandidates + 1),
      );
      const rows = found.map((row) => ({ ...row, id: row.call_id }));
      return entryOf(pickOne(prefix, rows, kind));
    }),
    /**
     * Of each connector the newest call that failed, among the tenant's last calls. One that waits
     * for a person has not failed.
     */
    lastFailures: read(function* (): Program<readonly AuditEntry[]> {
      const recent = queries
        .selectFrom("audit")
        .select(["seq", "connector", "state", "outcome"])
        .where("tenant", "=", tenant)
        .orderBy("seq", "desc")
        .limit(recentCalls)
        .as("recent");
      const newest = queries
        .selectFrom(recent)
        .select(({ fn }) => fn.max("seq").as("seq"))
        .where("state", "=", "closed")
        .where("outcome", "not in", ["ok", "boundary.approval_required"])
        .groupBy("connector");
      const rows = yield* select(
        queries
          .selectFrom("audit")
          .selectAll()
          .where("tenant", "=", tenant)
          .where("seq", "in", newest)
          .orderBy("seq", "desc"),
      );
      return rows.map(entryOf);
    }),
    /** The last written first; reads are written together, up to a second late. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (filter: AuditFilter = {}): Program<Page<AuditEntry>> {
      const where: readonly Condition[] = [
        ["run_id", "=", filter.runId],
        ["connector", "=", filter.connector],
        ["outcome", "=", filter.outcome],
        ["decision", "=", filter.decision],
        ["at", ">=", filter.since],
        ["at", "<", filter.until],
      ];
      return yield* newestFirst({ table: "audit", tenant, where }, filter, entryOf);
    }),
  };
}

function entryOf(row: Omit<AuditTable, "seq" | "tenant" | "unchained">): AuditEntry {
  return {
    callId: row.call_id,
    runId: row.run_id,
    at: row.at,
    state: row.state,
    connector: row.connector,
    operation: row.operation,
    decision: row.decision,
    ruleId: row.rule_id,
    outcome: row.outcome,
    record: jsonIn("audit", row.call_id, row.record) as JsonObject,
  };
}
