import type { Clock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { IdSource } from "../../base/ids.ts";
import type { Database } from "./database.ts";
import { type Kind, pickOne, prefixRange, shownCandidates } from "./prefix.ts";
import type { Queries } from "./queries.ts";
import type { SqlRow, SqlSession } from "./session.ts";
import type { ApprovalsTable } from "./tables.ts";

export type ApprovalState = "pending" | "approved" | "denied" | "consumed" | "expired";

/** A question about one exact call, which its digest names. */
export interface NewApproval {
  readonly digest: string;
  readonly runId?: string;
  readonly summary: string;
  readonly ruleId: string;
  /** Milliseconds since the Unix epoch. */
  readonly requestedAt: number;
  readonly expiresAt: number;
}

export interface Approval {
  readonly id: string;
  readonly digest: string;
  readonly runId: string | null;
  readonly summary: string;
  readonly ruleId: string;
  readonly state: ApprovalState;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
  readonly consumedAt: number | null;
}

/** Questions to a person. An answer holds for one call, once, until it expires. */
export interface Approvals {
  /**
   * The question of this digest that is pending or answered and not used up or expired; made if
   * there is none. A no stands as long as the question would have: nobody is asked twice.
   */
  request(request: NewApproval): { readonly id: string; readonly state: ApprovalState };
  /**
   * Uses an approved question up if it is for this digest. Returns the state it found: only
   * `approved` means that the call may go ahead.
   */
  consume(id: string, digest: string, at: number): ApprovalState | "unknown";
  /** Makes a consumed approval usable again: the call was never sent. */
  restore(id: string): void;
  /**
   * A person's answer. The same answer twice is one.
   * @throws Agent33Error `store.unknown_approval`, `store.approval_decided`, `store.approval_expired`
   */
  decide(id: string, decision: "approved" | "denied", by: string, at: number): Approval;
  /** @throws Agent33Error `store.unknown_approval`, `store.ambiguous_id` */
  find(prefix: string): Promise<Approval>;
  /** Oldest first. */
  list(filter?: { readonly state?: ApprovalState }): Promise<readonly Approval[]>;
}

const kind: Kind = {
  noun: "approval",
  unknownCode: "store.unknown_approval",
  listCommand: "agent33 approvals list",
};

const expire = `UPDATE approvals SET state = 'expired'
  WHERE state IN ('pending', 'approved') AND expires_at <= ?`;

export function createApprovals(
  database: Database,
  queries: Queries,
  clock: Clock,
  ids: IdSource,
): Approvals {
  const load = (sql: SqlSession, id: string): Approval | undefined => {
    const row: SqlRow | undefined = sql.get("SELECT * FROM approvals WHERE id = ?", id);
    return row === undefined ? undefined : approvalOf(row as unknown as ApprovalsTable);
  };
  /** Reads show what has run out since as expired, without writing. */
  const shown = (row: Omit<ApprovalsTable, "seq">): Approval => {
    const approval = approvalOf(row);
    const open = approval.state === "pending" || approval.state === "approved";
    return open && approval.expiresAt <= clock.now() ? { ...approval, state: "expired" } : approval;
  };
  return {
    request: (request) =>
      database.transaction((sql) => {
        sql.run(`${expire} AND digest = ?`, request.requestedAt, request.digest);
        const open = sql.get(
          `SELECT id, state FROM approvals
           WHERE digest = ? AND state IN ('approved', 'denied', 'pending') AND expires_at > ?
           ORDER BY state = 'approved' DESC, seq LIMIT 1`,
          request.digest,
          request.requestedAt,
        );
        if (open !== undefined) {
          return { id: String(open["id"]), state: open["state"] as ApprovalState };
        }
        const id = ids();
        sql.run(
          `INSERT INTO approvals (id, digest, run_id, summary, rule_id, state, requested_at, expires_at)
           VALUES (?, ?, ?, ?, ?, 'pending', ?, ?)`,
          id,
          request.digest,
          request.runId ?? null,
          request.summary,
          request.ruleId,
          request.requestedAt,
          request.expiresAt,
        );
        return { id, state: "pending" };
      }),
    consume: (id, digest, at) =>
      database.transaction((sql) => {
        sql.run(`${expire} AND id = ?`, at, id);
        const { changes } = sql.run(
          `UPDATE approvals SET state = 'consumed', consumed_at = ?
           WHERE id = ? AND digest = ? AND state = 'approved'`,
          at,
          id,
          digest,
        );
        if (changes === 1) return "approved";
        const found = load(sql, id);
        return found === undefined || found.digest !== digest ? "unknown" : found.state;
      }),
    restore: (id) => {
      database.transaction((sql) =>
        sql.run(
          `UPDATE approvals SET state = 'approved', consumed_at = NULL
           WHERE id = ? AND state = 'consumed'`,
          id,
        ),
      );
    },
    decide: (id, decision, by, at) =>
      database.transaction((sql) => {
        const found = load(sql, id);
        if (found === undefined) return pickOne<Approval>(id, [], kind);
        if (found.state === decision) return found;
        if (found.state === "expired" || (found.state === "pending" && found.expiresAt <= at)) {
          throw expired(id);
        }
        if (found.state !== "pending") throw decided(found);
        sql.run(
          "UPDATE approvals SET state = ?, decided_by = ?, decided_at = ? WHERE id = ?",
          decision,
          by,
          at,
          id,
        );
        return { ...found, state: decision, decidedBy: by, decidedAt: at };
      }),
    find: async (prefix) => {
      const { from, to } = prefixRange(prefix);
      const rows = await queries
        .selectFrom("approvals")
        .selectAll()
        .where("id", ">=", from)
        .where("id", "<", to)
        .orderBy("id")
        .limit(shownCandidates + 1)
        .execute();
      return shown(pickOne(prefix, rows, kind));
    },
    list: async (filter = {}) => {
      const { state } = filter;
      // An open row may have run out since it was written: those count as expired.
      const stored = state === "expired" ? (["expired", "pending", "approved"] as const) : [state];
      const rows = await queries
        .selectFrom("approvals")
        .selectAll()
        .$if(state !== undefined, (query) =>
          query.where(
            "state",
            "in",
            stored.filter((word) => word !== undefined),
          ),
        )
        .orderBy("seq")
        .execute();
      const approvals = rows.map(shown);
      return state === undefined ? approvals : approvals.filter((row) => row.state === state);
    },
  };
}

function expired(id: string): Agent33Error {
  return new Agent33Error("store.approval_expired", `The time to answer approval ${id} is over.`, {
    hint: "Resume the run: it asks again if it still wants to make the call.",
    details: { id },
  });
}

function decided(approval: Approval): Agent33Error {
  const by = approval.decidedBy === null ? "" : ` by ${approval.decidedBy}`;
  return new Agent33Error(
    "store.approval_decided",
    `Approval ${approval.id} is ${approval.state} already${by}.`,
    { hint: "An answer cannot be changed.", details: { id: approval.id, state: approval.state } },
  );
}

function approvalOf(row: Omit<ApprovalsTable, "seq">): Approval {
  return {
    id: row.id,
    digest: row.digest,
    runId: row.run_id,
    summary: row.summary,
    ruleId: row.rule_id,
    state: row.state,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    consumedAt: row.consumed_at,
  };
}
