import { digestOf, sha256 } from "../../base/digest.ts";
import { canonicalJson } from "../../base/json.ts";

/** A record of the audit, every column as it is stored. */
export interface AuditRow {
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

/** What a link of the chain says of its record. */
export interface LinkFacts {
  readonly tenant: string;
  /** From 1, without a gap. */
  readonly position: number;
  readonly callId: string;
  readonly state: "open" | "closed";
  /** When it was linked. Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly recordDigest: string;
}

/** One link of a tenant's chain, bound to the one before it. */
export interface Link extends LinkFacts {
  readonly hash: string;
}

/** Stands for the hash before the first link. */
const beforeTheFirst = "0".repeat(64);

/** SHA-256 of a record's canonical JSON, whole as it is stored, in hexadecimal. */
export function recordDigest(row: AuditRow): string {
  const { seq, callId, runId, at, state, connector, operation, decision, ruleId } = row;
  const { outcome, record } = row;
  return digestOf({
    seq,
    callId,
    runId,
    at,
    state,
    connector,
    operation,
    decision,
    ruleId,
    outcome,
    record,
  });
}

/**
 * SHA-256 over the previous hash and the canonical JSON of what the link says, in hexadecimal.
 * @param previous the hash of the link before; undefined for the first
 */
export function linkHash(previous: string | undefined, facts: LinkFacts): string {
  const { tenant, position, callId, state, at, recordDigest } = facts;
  const said = canonicalJson({ tenant, position, callId, state, at, recordDigest });
  return sha256(`${previous ?? beforeTheFirst}${said}`);
}
