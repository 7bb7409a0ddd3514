/** What a column holds. There are no other kinds in the schema; a test holds this to it. */
export type ColumnKind = "integer" | "real" | "text";

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
  /** What a row of a schema that did not have the column yet says in its place. */
  readonly before?: string | number | null;
}

/** One table of a store, as moving it needs to know it. */
export interface StoreTable {
  readonly name: string;
  readonly columns: readonly Column[];
  /** What says which row is meant, in every store. */
  readonly key: readonly string[];
  /** Unique, with an index: the order in which the table is read. */
  readonly order: readonly string[];
  /** Columns that say how a row is kept here, and nothing about the row. */
  readonly local: readonly string[];
  /** Whether `seq` is given out by the database, so that two stores may use one number twice. */
  readonly identity: boolean;
  /** The table whose row must be there first, and the columns that name it. */
  readonly parent?: {
    readonly table: string;
    readonly key: string;
    readonly column: string;
  };
  /** What says which of two versions of a row is the later one. Nothing does in most tables. */
  readonly marks: readonly ChangeMark[];
}

/** A column that goes one way only while its row is worked on: a time, a count, a state. */
export interface ChangeMark {
  readonly column: string;
  /** The words of a state, by how far along they are; those of one stage come in any order. */
  readonly stages?: readonly (readonly string[])[];
  /** Whether it can become empty again, so that being empty says nothing. */
  readonly mayEmpty: boolean;
}

interface TableFacts {
  readonly key: string;
  /**
   * Written `column`, `column?` where it can become empty again, or `column one|two < three` for a
   * state. Empty is before everything else.
   */
  readonly marks?: string;
  readonly identity?: true;
  readonly local?: string;
  /** Columns that a later schema brought, with {@link Column.before}. */
  readonly added?: Readonly<Record<string, string | number | null>>;
  readonly parent?: StoreTable["parent"];
}

/** Columns are written `name kind`, with `null` behind where they may be empty. */
function table(name: string, facts: TableFacts, columns: string): StoreTable {
  const key = facts.key.split(", ");
  return {
    name,
    columns: columns.split(",").map((text) => columnOf(text, facts.added ?? {})),
    key,
    order: facts.identity === true ? ["seq"] : key,
    local: [facts.identity === true ? "seq" : [], facts.local ?? []].flat(),
    identity: facts.identity === true,
    ...(facts.parent === undefined ? {} : { parent: facts.parent }),
    marks: facts.marks === undefined ? [] : facts.marks.split(",").map(markOf),
  };
}

function markOf(text: string): ChangeMark {
  const [word = "", ...rest] = text.trim().split(/\s+/);
  const stages = rest.filter((part) => part !== "<").map((part) => part.split("|"));
  return {
    column: word.replace(/\?$/, ""),
    mayEmpty: word.endsWith("?"),
    ...(stages.length === 0 ? {} : { stages }),
  };
}

function columnOf(text: string, added: NonNullable<TableFacts["added"]>): Column {
  const [name = "", kind = "", nullable] = text.trim().split(/\s+/);
  const before = added[name];
  return {
    name,
    kind: kind as ColumnKind,
    nullable: nullable === "null",
    ...(before === undefined ? {} : { before }),
  };
}

/** The chain over the audit and its signed places; see `import-batch.ts` as well. */
export const chainTables: ReadonlySet<string> = new Set(["audit_chain", "audit_checkpoints"]);

/** What signals count up; see `import-batch.ts` for why these are not merged row by row. */
export const countTables: ReadonlySet<string> = new Set([
  "signal_class_counts",
  "signal_source_counts",
]);

/**
 * Every table that a store consists of, parents before what refers to them. Not among them: the
 * history of the schema and the state of transfers, which belong to one place.
 */
export const storeTables: readonly StoreTable[] = [
  table(
    "runs",
    { key: "id", identity: true, marks: "state running|parked < finished, finished_at?" },
    `seq integer, id text, tenant text, task text, agent text, model text, effort text, state text,
     outcome text null, workspace text null, started_at integer, finished_at integer null,
     cost_micro_usd integer, unpriced_calls integer, spec text`,
  ),
  table(
    "run_events",
    { key: "run_id, seq", parent: { table: "runs", key: "id", column: "run_id" } },
    "run_id text, seq integer, at integer, type text, event text",
  ),
  table(
    "audit",
    {
      key: "call_id",
      identity: true,
      marks: "state open < closed",
      local: "unchained",
      added: { unchained: 1 },
    },
    `seq integer, call_id text, run_id text null, at integer, state text, connector text,
     operation text, decision text, rule_id text, outcome text, record text, tenant text,
     unchained integer`,
  ),
  table(
    "audit_chain",
    { key: "tenant, position" },
    `tenant text, position integer, call_id text, state text, at integer, record_digest text,
     hash text`,
  ),
  table(
    "audit_checkpoints",
    { key: "tenant, position" },
    `tenant text, position integer, previous integer, hash text, at integer, key_id text,
     signature text`,
  ),
  table(
    "approvals",
    {
      key: "id",
      identity: true,
      marks: "state pending < approved < consumed|denied|expired, decided_at, consumed_at?",
      added: { facts: null },
    },
    `seq integer, id text, digest text, run_id text null, summary text, rule_id text, state text,
     requested_at integer, expires_at integer, decided_by text null, decided_at integer null,
     consumed_at integer null, tenant text, facts text null`,
  ),
  table(
    "idempotency",
    { key: "tenant, key", marks: "state started < finished, finished_at" },
    `tenant text, key text, run_id text null, state text, started_at integer,
     finished_at integer null`,
  ),
  table(
    "durable_runs",
    { key: "run_id", identity: true, marks: "fence, updated_at, cancel_requested, lease_until?" },
    `seq integer, run_id text, workflow text, version integer, input text, state text,
     owner text null, fence integer, lease_until integer null, wake_at integer null,
     cancel_requested integer, cancel_order integer null, attempts integer, progress integer,
     result text null, error text null, created_at integer, updated_at integer`,
  ),
  table(
    "durable_steps",
    {
      key: "run_id, position",
      marks: "state started < completed|failed, finished_at",
      parent: { table: "durable_runs", key: "run_id", column: "run_id" },
    },
    `run_id text, position integer, kind text, name text, input_digest text null, repeat text null,
     state text, result text null, deadline integer null, finish_order integer null,
     started_at integer, finished_at integer null`,
  ),
  table(
    "durable_messages",
    {
      key: "run_id, key",
      identity: true,
      marks: "taken_by",
      parent: { table: "durable_runs", key: "run_id", column: "run_id" },
    },
    `seq integer, run_id text, topic text, key text, payload text, sent_at integer,
     taken_by integer null`,
  ),
  table(
    "breakers",
    { key: "tenant, key" },
    `tenant text, key text, state text, open_until integer null, openings integer,
     times_opened integer, forced text null, forced_until integer null, forced_by text null,
     forced_reason text null, updated_at integer`,
  ),
  table(
    "limit_uses",
    { key: "tenant, rule_id, scope, call_id", identity: true },
    `seq integer, tenant text, rule_id text, scope text, call_id text, state text, at integer,
     amount real`,
  ),
  table(
    "budgets",
    { key: "tenant, id" },
    `tenant text, id text, created_at integer, limit_micro_usd integer null,
     limit_tokens integer null, limit_calls integer null, limit_ms integer null,
     used_micro_usd integer, used_tokens integer, used_calls integer, used_ms integer`,
  ),
  table(
    "signals",
    { key: "tenant, id", identity: true, marks: "state_at, last_seen_at, occurrences, intake_id" },
    `seq integer, tenant text, id text, type text, severity text, summary text, details text,
     source text, context text, quality_score integer, quality_label text, quality_reasons text,
     fingerprint text, occurrences integer, recorded_at integer, last_seen_at integer, state text,
     state_reason text null, state_by text null, state_at integer null, intake_id text null,
     provenance text`,
  ),
  table("signal_keys", { key: "tenant, key" }, "tenant text, key text, signal_id text"),
  table(
    "signal_class_counts",
    {
      key: "tenant, grain, bucket, type, severity",
      marks: "signals, occurrences, quality_total, high_quality",
    },
    `tenant text, grain text, bucket integer, type text, severity text, signals integer,
     occurrences integer, quality_total integer, high_quality integer`,
  ),
  table(
    "signal_source_counts",
    { key: "tenant, grain, bucket, source", marks: "signals, occurrences" },
    "tenant text, grain text, bucket integer, source text, signals integer, occurrences integer",
  ),
  table(
    "learned_runs",
    { key: "tenant, run_id", marks: "seq" },
    "tenant text, run_id text, seq integer",
  ),
  table(
    "intakes",
    { key: "tenant, id", identity: true, marks: "updated_at" },
    `seq integer, tenant text, id text, state text, research_type text, urgency text,
     priority integer, automatic integer, submitted_at integer, updated_at integer, body text`,
  ),
  table(
    "lessons",
    { key: "tenant, id", identity: true, marks: "updated_at" },
    `seq integer, tenant text, id text, event_type text, state text, recorded_at integer,
     updated_at integer, body text`,
  ),
  table(
    "checklists",
    { key: "tenant, id", identity: true, marks: "updated_at" },
    `seq integer, tenant text, id text, period text, reference text, state text,
     created_at integer, updated_at integer, body text`,
  ),
  table(
    "metric_snapshots",
    { key: "tenant, id", identity: true },
    "seq integer, tenant text, id text, period text, taken_at integer, body text",
  ),
  table(
    "metric_values",
    { key: "tenant, metric_id, snapshot_seq" },
    "tenant text, metric_id text, snapshot_seq integer, taken_at integer, value real",
  ),
  table(
    "roadmap_refreshes",
    { key: "tenant, id", identity: true, marks: "updated_at" },
    `seq integer, tenant text, id text, scope text, state text, created_at integer,
     updated_at integer, body text`,
  ),
  table(
    "api_keys",
    { key: "tenant, id", identity: true, marks: "revoked_at, former_until?, last_used_at" },
    `seq integer, tenant text, id text, name text, for_tenant text, for_user text, scopes text,
     digest text, former_digest text null, former_until integer null, created_at integer,
     expires_at integer null, revoked_at integer null, last_used_at integer null`,
  ),
  table(
    "alerts",
    { key: "tenant, id", identity: true, marks: "updated_at" },
    `seq integer, tenant text, id text, rule text, about_tenant text null, state text,
     updated_at integer, body text`,
  ),
  table(
    "alert_history",
    { key: "tenant, id", identity: true },
    `seq integer, tenant text, id text, alert_id text, rule text, about_tenant text null,
     at integer, kind text, body text`,
  ),
  table(
    "alert_notices",
    { key: "tenant, alert_id, episode, receiver", marks: "state due < told < done" },
    `tenant text, alert_id text, episode integer, receiver text, state text, next_at integer,
     body text`,
  ),
  table(
    "alert_silences",
    { key: "tenant, id", identity: true },
    "seq integer, tenant text, id text, about_tenant text null, ends_at integer, body text",
  ),
  table(
    "quarantine",
    { key: "source, place", identity: true },
    "seq integer, tenant text, source text, place text, reason text, content text, at integer",
  ),
];

const byName = new Map(storeTables.map((known) => [known.name, known]));

/** The table of a name, where a store has it. */
export function tableNamed(name: string): StoreTable | undefined {
  return byName.get(name);
}
