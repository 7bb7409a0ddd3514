import type { SqlRow, SqlValue } from "../program.ts";

/** A row of the audit, every column as it is stored. */
export interface StoredAuditRow {
  readonly seq: number;
  readonly callId: string;
  readonly runId: string | null;
  readonly at: number;
  readonly state: "open" | "closed";
  readonly connector: string;
  readonly operation: string;
  readonly decision: string;
  readonly ruleId: string;
  readonly outcome: string;
  /** JSON text. */
  readonly record: string;
}

/** What a link says of its record. */
export interface ChainFacts {
  readonly tenant: string;
  /** From 1, without a gap. */
  readonly position: number;
  readonly callId: string;
  readonly state: "open" | "closed";
  /** When it was linked. Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly recordDigest: string;
}

/** One link, bound to the one before it by its hash. */
export interface ChainLink extends ChainFacts {
  readonly hash: string;
}

/** A signed place of the chain. */
export interface ChainCheckpoint {
  readonly tenant: string;
  readonly position: number;
  /** The position of the checkpoint before it; 0 where there is none. */
  readonly previous: number;
  readonly hash: string;
  readonly at: number;
  readonly keyId: string;
  readonly signature: string;
}

/** A link with the record that it is about. */
export interface ChainEntry {
  readonly link: ChainLink;
  /** Whether a later link is about the same call, so that this one's record is gone by design. */
  readonly superseded: boolean;
  /** The call's row as it is now; undefined where there is none. */
  readonly row: StoredAuditRow | undefined;
  /** Whether the row has changed since, and its link is still to come. */
  readonly unchained: boolean;
}

const auditColumns = [
  "seq",
  "call_id",
  "run_id",
  "at",
  "state",
  "connector",
  "operation",
  "decision",
  "rule_id",
  "outcome",
  "record",
  "unchained",
] as const;

/** The columns of the audit in a query that joins it as `a`. */
export const linkedColumns = auditColumns.map((name) => `a.${name} AS ${name}`).join(", ");

/** A row of the audit, every column as it is stored but for the mark and the tenant. */
export function rowOf(row: SqlRow): StoredAuditRow {
  return {
    seq: Number(row["seq"]),
    callId: text(row["call_id"]),
    runId: row["run_id"] === null ? null : text(row["run_id"]),
    at: Number(row["at"]),
    state: row["state"] as StoredAuditRow["state"],
    connector: text(row["connector"]),
    operation: text(row["operation"]),
    decision: text(row["decision"]),
    ruleId: text(row["rule_id"]),
    outcome: text(row["outcome"]),
    record: text(row["record"]),
  };
}

/** A link beside its record, from the join of the two. */
export function entryOf(row: SqlRow): ChainEntry {
  return {
    link: {
      tenant: text(row["tenant"]),
      position: Number(row["position"]),
      callId: text(row["link_call_id"]),
      state: row["link_state"] as StoredAuditRow["state"],
      at: Number(row["link_at"]),
      recordDigest: text(row["record_digest"]),
      hash: text(row["hash"]),
    },
    superseded: row["superseded"] === 1,
    row: row["seq"] === null ? undefined : rowOf(row),
    unchained: row["unchained"] === 1,
  };
}

/** A signed place. */
export function checkpointOf(row: SqlRow): ChainCheckpoint {
  return {
    tenant: text(row["tenant"]),
    position: Number(row["position"]),
    previous: Number(row["previous"]),
    hash: text(row["hash"]),
    at: Number(row["at"]),
    keyId: text(row["key_id"]),
    signature: text(row["signature"]),
  };
}

function text(value: SqlValue | undefined): string {
  return String(value);
}
