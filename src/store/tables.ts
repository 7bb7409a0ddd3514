import type { Generated } from "kysely";

/** The tables that read queries see, as kysely wants them. The schema is in the migrations. */
export interface Tables {
  readonly runs: RunsTable;
  readonly audit: AuditTable;
  readonly breakers: BreakersTable;
  readonly approvals: ApprovalsTable;
  readonly signals: SignalsTable;
  readonly signal_class_counts: SignalClassCountsTable;
  readonly signal_source_counts: SignalSourceCountsTable;
  readonly intakes: IntakesTable;
  readonly lessons: LessonsTable;
  readonly checklists: ChecklistsTable;
  readonly metric_snapshots: MetricSnapshotsTable;
  readonly metric_values: MetricValuesTable;
  readonly roadmap_refreshes: RoadmapRefreshesTable;
  readonly api_keys: ApiKeysTable;
  readonly alerts: AlertsTable;
  readonly alert_history: AlertHistoryTable;
  readonly alert_notices: AlertNoticesTable;
  readonly alert_silences: AlertSilencesTable;
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
  readonly tenant: string;
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
  readonly unchained: Generated<number>;
}

export interface BreakersTable {
  readonly tenant: string;
  readonly key: string;
  readonly state: "closed" | "open" | "half_open";
  readonly open_until: number | null;
  readonly openings: number;
  readonly times_opened: number;
  readonly forced: "open" | "closed" | null;
  readonly forced_until: number | null;
  readonly forced_by: string | null;
  readonly forced_reason: string | null;
  readonly updated_at: number;
}

export interface ApprovalsTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
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
  readonly facts: string | null;
}

export interface SignalsTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly type: string;
  readonly severity: string;
  readonly summary: string;
  readonly details: string;
  readonly source: string;
  readonly context: string;
  readonly quality_score: number;
  readonly quality_label: string;
  readonly quality_reasons: string;
  readonly fingerprint: string;
  readonly occurrences: number;
  readonly recorded_at: number;
  readonly last_seen_at: number;
  readonly state: "open" | "acknowledged" | "resolved" | "dismissed";
  readonly state_reason: string | null;
  readonly state_by: string | null;
  readonly state_at: number | null;
  readonly intake_id: string | null;
  readonly provenance: "recorded" | "migrated";
}

export interface SignalClassCountsTable {
  readonly tenant: string;
  readonly grain: "hour" | "day";
  readonly bucket: number;
  readonly type: string;
  readonly severity: string;
  readonly signals: number;
  readonly occurrences: number;
  readonly quality_total: number;
  readonly high_quality: number;
}

export interface SignalSourceCountsTable {
  readonly tenant: string;
  readonly grain: "hour" | "day";
  readonly bucket: number;
  readonly source: string;
  readonly signals: number;
  readonly occurrences: number;
}

export interface IntakesTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly state: string;
  readonly research_type: string;
  readonly urgency: string;
  readonly priority: number;
  readonly automatic: number;
  readonly submitted_at: number;
  readonly updated_at: number;
  readonly body: string;
}

export interface LessonsTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly event_type: string;
  readonly state: string;
  readonly recorded_at: number;
  readonly updated_at: number;
  readonly body: string;
}

export interface ChecklistsTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly period: string;
  readonly reference: string;
  readonly state: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly body: string;
}

export interface MetricSnapshotsTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly period: string;
  readonly taken_at: number;
  readonly body: string;
}

export interface MetricValuesTable {
  readonly tenant: string;
  readonly metric_id: string;
  readonly snapshot_seq: number;
  readonly taken_at: number;
  readonly value: number;
}

export interface RoadmapRefreshesTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly scope: string;
  readonly state: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly body: string;
}

export interface ApiKeysTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
  readonly for_tenant: string;
  readonly for_user: string;
  readonly scopes: string;
  readonly digest: string;
  readonly former_digest: string | null;
  readonly former_until: number | null;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

export interface AlertsTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly rule: string;
  readonly about_tenant: string | null;
  readonly state: "pending" | "firing" | "resolved";
  readonly updated_at: number;
  readonly body: string;
}

export interface AlertHistoryTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly alert_id: string;
  readonly rule: string;
  readonly about_tenant: string | null;
  readonly at: number;
  readonly kind: string;
  readonly body: string;
}

export interface AlertNoticesTable {
  readonly tenant: string;
  readonly alert_id: string;
  readonly episode: number;
  readonly receiver: string;
  readonly state: "due" | "told" | "done";
  readonly next_at: number;
  readonly body: string;
}

export interface AlertSilencesTable {
  readonly seq: Generated<number>;
  readonly tenant: string;
  readonly id: string;
  readonly about_tenant: string | null;
  readonly ends_at: number;
  readonly body: string;
}
