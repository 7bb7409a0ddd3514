import type { JsonObject } from "../../base/json.ts";
import type { Database } from "./database.ts";
import { beforeSeq, limitOf, type Page, type PageRequest, pageOf } from "./pages.ts";
import type { Queries } from "./queries.ts";
import type { AuditTable } from "./tables.ts";

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

/** One row a call, denied calls too. `open` and `close` have committed when they return. */
export interface Audit {
  open(record: AuditRecord): void;
  close(record: AuditRecord): void;
  get(callId: string): Promise<AuditEntry | undefined>;
  /** Newest first. @throws Agent33Error `store.bad_cursor` */
  list(request?: PageRequest & { readonly runId?: string }): Promise<Page<AuditEntry>>;
}

const upsert = `
  INSERT INTO audit (call_id, run_id, at, state, connector, operation, decision, rule_id, outcome, record)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (call_id) DO UPDATE SET
    state = excluded.state, decision = excluded.decision, rule_id = excluded.rule_id,
    outcome = excluded.outcome, record = excluded.record
  WHERE audit.state = 'open'`;

export function createAudit(database: Database, queries: Queries): Audit {
  const write = (record: AuditRecord, state: AuditEntry["state"]): void => {
    database.transaction((sql) =>
      sql.run(
        upsert,
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
      ),
    );
  };
  return {
    open: (record) => write(record, "open"),
    close: (record) => write(record, "closed"),
    get: async (callId) => {
      const row = await queries
        .selectFrom("audit")
        .selectAll()
        .where("call_id", "=", callId)
        .executeTakeFirst();
      return row === undefined ? undefined : entryOf(row);
    },
    list: async (request = {}) => {
      const limit = limitOf(request);
      const { runId } = request;
      const rows = await queries
        .selectFrom("audit")
        .selectAll()
        .where("seq", "<", beforeSeq(request))
        .$if(runId !== undefined, (query) => query.where("run_id", "=", runId ?? null))
        .orderBy("seq", "desc")
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, entryOf);
    },
  };
}

function entryOf(row: Omit<AuditTable, "seq">): AuditEntry {
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
    record: JSON.parse(row.record) as JsonObject,
  };
}
