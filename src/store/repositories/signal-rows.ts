import {
  type QualityLabel,
  type QualityReason,
  scoreOf,
  thousandthsOf,
} from "../../learning/quality.ts";
import type { Severity } from "../../learning/severity.ts";
import type { Signal, SignalType } from "../../learning/signal.ts";
import { jsonIn } from "../damage.ts";
import { change, type Program } from "../program.ts";
import type { SignalsTable } from "../tables.ts";
import type { SignalTally } from "./signal-tally.ts";

/** A signal as its row holds it. */
export type SignalRow = Omit<SignalsTable, "seq"> & { readonly seq: number };

const insert = `INSERT INTO signals (tenant, id, type, severity, summary, details, source, context,
    quality_score, quality_label, quality_reasons, fingerprint, occurrences, recorded_at,
    last_seen_at, state, state_reason, state_by, state_at, intake_id, provenance)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant, id) DO NOTHING`;

/** Writes a signal's row and counts it. False, and nothing is done, where its id is taken. */
export function* insertSignal(signal: Signal, tally: SignalTally): Program<boolean> {
  const { quality } = signal;
  const score = thousandthsOf(quality.score);
  const made = yield* change(
    insert,
    signal.tenant,
    signal.id,
    signal.type,
    signal.severity,
    signal.summary,
    signal.details,
    signal.source,
    JSON.stringify(signal.context),
    score,
    quality.label,
    JSON.stringify(quality.reasons),
    signal.fingerprint,
    signal.occurrences,
    signal.recordedAt,
    signal.lastSeenAt,
    signal.state,
    signal.stateReason,
    signal.stateBy,
    signal.stateAt,
    signal.intakeId,
    signal.provenance,
  );
  if (made === 0) return false;
  const high = quality.label === "high" ? 1 : 0;
  const { type, severity, source, occurrences, recordedAt: at } = signal;
  const sums = { signals: 1, occurrences, qualityTotal: score, highQuality: high } as const;
  tally.add({ at, type, severity, source, ...sums });
  return true;
}

/** The signal that a row holds. */
export function signalOf(row: Omit<SignalRow, "seq">): Signal {
  return {
    id: row.id,
    tenant: row.tenant,
    type: row.type as SignalType,
    severity: row.severity as Severity,
    summary: row.summary,
    details: row.details,
    source: row.source,
    context: jsonIn("signals", row.id, row.context) as Signal["context"],
    quality: {
      score: scoreOf(row.quality_score),
      label: row.quality_label as QualityLabel,
      reasons: jsonIn("signals", row.id, row.quality_reasons) as readonly QualityReason[],
    },
    fingerprint: row.fingerprint,
    occurrences: row.occurrences,
    recordedAt: row.recorded_at,
    lastSeenAt: row.last_seen_at,
    state: row.state,
    stateReason: row.state_reason,
    stateBy: row.state_by,
    stateAt: row.state_at,
    intakeId: row.intake_id,
    provenance: row.provenance,
  };
}
