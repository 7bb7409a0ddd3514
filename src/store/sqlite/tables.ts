import type { Generated } from "kysely";

/** The tables that read queries see, as kysely wants them. The schema is in the migrations. */
export interface Tables {
  readonly runs: RunsTable;
  readonly audit: AuditTable;
  readonly approvals: ApprovalsTable;
}

export interface RunsTable {
  readonly seq: Generated<number>;
  readonly id: string;
  readonly tenant: string;
  readonly task: string;
  readonly agent: string;
  readonly model: string;
  readonly effort: string;
  readonly state: "running" | "parked" | "finished";
  readonly outcome: string | null;
  readonly workspace: string | null;
  readonly started_at: number;
  readonly finished_at: number | null;
  readonly cost_micro_usd: number;
  readonly unpriced_calls: number;
  readonly spec: string;
}

export interface AuditTable {
  readonly seq: Generated<number>;
  readonly call_id: string;
  readonly run_id: string | null;
  readonly at: number;
  readonly state: "open" | "closed";
  readonly connector: string;
  readonly operation: string;
  readonly decision: string;
  readonly rule_id: string;
  readonly outcome: string;
  readonly record: string;
}

export interface ApprovalsTable {
  readonly seq: Generated<number>;
  readonly id: string;
  readonly digest: string;
  readonly run_id: string | null;
  readonly summary: string;
  readonly rule_id: string;
  readonly state: "pending" | "approved" | "denied" | "consumed" | "expired";
  readonly requested_at: number;
  readonly expires_at: number;
  readonly decided_by: string | null;
  readonly decided_at: number | null;
  readonly consumed_at: number | null;
}
