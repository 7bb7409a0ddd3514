import { fingerprintOf } from "../../learning/fingerprint.ts";
import { qualityOf } from "../../learning/quality.ts";
import type { NewSignal, Signal } from "../../learning/signal.ts";
import { change, first, lock, type Program, rows } from "../program.ts";
import type { RepositoryContext } from "./context.ts";
import { insertSignal, type SignalRow, signalOf } from "./signal-rows.ts";
import { createSignalTally, type SignalTally } from "./signal-tally.ts";

export interface RecordOptions {
  /**
   * A signal whose like was last seen at most this long ago, and is still open or acknowledged,
   * counts as a repeat of that one. 0 never.
   */
  readonly dedupeWindowMs: number;
}

export interface RecordedSignal {
  readonly signal: Signal;
  /**
   * `recorded`: a new signal. `repeated`: one more occurrence of one. `known`: the key was seen
   * before, and nothing changed.
   */
  readonly outcome: "recorded" | "repeated" | "known";
}

/** Decides for each signal whether it is new, a repeat or known already, and writes that. */
export function signalRecorder({ tenant, clock, ids }: RepositoryContext) {
  /** The signal that an occurrence repeats, with it counted; undefined where it is a new one. */
  function* repeat(
    fingerprint: string,
    at: number,
    { dedupeWindowMs }: RecordOptions,
  ): Program<Signal | undefined> {
    if (dedupeWindowMs <= 0) return undefined;
    const newest = yield* first(
      `SELECT id, recorded_at, last_seen_at FROM signals
       WHERE tenant = ? AND fingerprint = ? ORDER BY seq DESC LIMIT 1`,
      tenant,
      fingerprint,
    );
    if (newest === undefined) return undefined;
    // What is told late may have happened before what is known; long before, it is another matter.
    const near =
      at - Number(newest["last_seen_at"]) <= dedupeWindowMs &&
      Number(newest["recorded_at"]) - at <= dedupeWindowMs;
    if (!near) return undefined;
    const [row] = yield* rows(
      `UPDATE signals SET occurrences = occurrences + 1,
         last_seen_at = CASE WHEN last_seen_at < ? THEN ? ELSE last_seen_at END
       WHERE tenant = ? AND id = ? AND state IN ('open', 'acknowledged') RETURNING *`,
      at,
      at,
      tenant,
      String(newest["id"]),
    );
    return row === undefined ? undefined : signalOf(row as unknown as SignalRow);
  }

  function* signalOfKey(key: string): Program<Signal | undefined> {
    const row = yield* first(
      `SELECT signals.* FROM signal_keys
       JOIN signals ON signals.tenant = signal_keys.tenant AND signals.id = signal_id
       WHERE signal_keys.tenant = ? AND key = ?`,
      tenant,
      key,
    );
    return row === undefined ? undefined : signalOf(row as unknown as SignalRow);
  }

  function* recordOne(
    input: Identified,
    options: RecordOptions,
    tally: SignalTally,
  ): Program<RecordedSignal> {
    const { idempotencyKey: key, fingerprint, at, type, severity, source } = input;
    const known = key === undefined ? undefined : yield* signalOfKey(key);
    if (known !== undefined) return { signal: known, outcome: "known" };
    const repeated = yield* repeat(fingerprint, at, options);
    const signal = repeated ?? freshSignal(input, tenant, `LS-${ids()}`);
    if (repeated === undefined) yield* insertSignal(signal, tally);
    else {
      const sums = { signals: 0, occurrences: 1, qualityTotal: 0, highQuality: 0 } as const;
      tally.add({ at, type, severity, source, ...sums });
    }
    if (key !== undefined) {
      yield* change(
        "INSERT INTO signal_keys (tenant, key, signal_id) VALUES (?, ?, ?)",
        tenant,
        key,
        signal.id,
      );
    }
    return { signal, outcome: repeated === undefined ? "recorded" : "repeated" };
  }

  function* recordAll(
    inputs: readonly NewSignal[],
    options: RecordOptions,
  ): Program<readonly RecordedSignal[]> {
    const now = clock.now();
    const identified = inputs.map((input) => ({
      ...input,
      at: input.at ?? now,
      fingerprint: fingerprintOf(input),
    }));
    // All locks in one order before anything else, so that no two writers wait for each other.
    const keys = identified.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
    for (const key of sortedSet(keys)) yield* lock("signal-key", tenant, key);
    const fingerprints = identified.map(({ fingerprint }) => fingerprint);
    for (const one of sortedSet(fingerprints)) yield* lock("signal-fingerprint", tenant, one);
    const tally = createSignalTally(tenant);
    const recorded: RecordedSignal[] = [];
    for (const input of identified) recorded.push(yield* recordOne(input, options, tally));
    yield* tally.write();
    return recorded;
  }
  return recordAll;
}

type Identified = NewSignal & { readonly at: number; readonly fingerprint: string };

function freshSignal(input: Identified, tenant: string, id: string): Signal {
  const { type, severity, summary, details, source, context, fingerprint, at } = input;
  return {
    id,
    tenant,
    type,
    severity,
    summary,
    details,
    source,
    context,
    quality: qualityOf(input),
    fingerprint,
    occurrences: 1,
    recordedAt: at,
    lastSeenAt: at,
    state: "open",
    stateReason: null,
    stateBy: null,
    stateAt: null,
    intakeId: null,
    provenance: "recorded",
  };
}

function sortedSet(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
