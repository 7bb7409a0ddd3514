import { Agent33Error } from "../../base/errors.ts";
import { fingerprintOf } from "../../learning/fingerprint.ts";
import { thousandthsOf } from "../../learning/quality.ts";
import { type Severity, severities, severityRank } from "../../learning/severity.ts";
import type { NewSignal, Signal, SignalState, SignalType } from "../../learning/signal.ts";
import { checkTransition, parseSignalTransition } from "../../learning/signal-state.ts";
import { type Condition, newestFirst } from "../newest-first.ts";
import { checkLimit, type Page, type PageRequest } from "../pages.ts";
import { type Kind, pickOne, prefixRange, shownCandidates } from "../prefix.ts";
import { change, lock, type Program, read, rows, select, write } from "../program.ts";
import { queries } from "../queries.ts";
import type { RepositoryContext } from "./context.ts";
import { type RecordedSignal, type RecordOptions, signalRecorder } from "./signal-recorder.ts";
import { insertSignal, type SignalRow, signalOf } from "./signal-rows.ts";
import { createSignalTally } from "./signal-tally.ts";

/** Which signals to list. Times are milliseconds since the Unix epoch. */
export interface SignalFilter extends PageRequest {
  readonly type?: SignalType;
  readonly severity?: Severity;
  readonly state?: SignalState;
  readonly source?: string;
  /** Recorded at this time or later. */
  readonly since?: number;
  /** Recorded before this time. */
  readonly until?: number;
}

export interface WaitingFilter {
  readonly minSeverity: Severity;
  /** 0 to 1. */
  readonly minScore: number;
  /** How many at most, from 1. */
  readonly limit: number;
}

/** A signal of another store, with the id, times, state and count that it had there. */
export type MigratedSignal = Omit<Signal, "tenant" | "fingerprint" | "provenance">;

const kind: Kind = {
  noun: "signal",
  unknownCode: "learning.unknown_signal",
  listCommand: "agent33 learn list",
};

/** What was seen and may be worth learning from. */
export function signalsRepository(context: RepositoryContext) {
  const { tenant, clock } = context;
  const recordAll = signalRecorder(context);
  const rowsOf = () => queries.selectFrom("signals").selectAll().where("tenant", "=", tenant);

  function* load(id: string): Program<Signal> {
    const [row] = yield* select(rowsOf().where("id", "=", id));
    return row === undefined ? pickOne<Signal>(id, [], kind) : signalOf(row);
  }

  return {
    /** Keeps a signal, or counts it as one more occurrence of a signal like it. */
    record: write(function* (input: NewSignal, options: RecordOptions): Program<RecordedSignal> {
      const [recorded] = yield* recordAll([input], options);
      if (recorded === undefined) throw new TypeError("One signal gave no result.");
      return recorded;
    }),
    /** Keeps several, all or none, as if they had been recorded one after the other. */
    recordMany: write(recordAll),
    /** Takes over a signal of another store. False, and nothing is changed, where its id is known. */
    insertMigrated: write(function* (signal: MigratedSignal): Program<boolean> {
      const tally = createSignalTally(tenant);
      const fingerprint = fingerprintOf(signal);
      const made = yield* insertSignal(
        { ...signal, tenant, fingerprint, provenance: "migrated" },
        tally,
      );
      yield* tally.write();
      return made;
    }),
    get: read(function* (id: string): Program<Signal | undefined> {
      const [row] = yield* select(rowsOf().where("id", "=", id));
      return row === undefined ? undefined : signalOf(row);
    }),
    /**
     * The signal whose id begins with `prefix`.
     * @throws Agent33Error `learning.unknown_signal`, `store.ambiguous_id`
     */
    find: read(function* (prefix: string): Program<Signal> {
      const { from, to } = prefixRange(prefix);
      const found = yield* select(
        rowsOf()
          .where("id", ">=", from)
          .where("id", "<", to)
          .orderBy("id")
          .limit(shownCandidates + 1),
      );
      return signalOf(pickOne(prefix, found, kind));
    }),
    /**
     * The signals that were made of, or seen again with, keys that begin so, by key.
     * @param beginning such as `run:ID:`, all that runs of that id taught
     */
    ofKeys: read(function* (
      beginning: string,
    ): Program<readonly { readonly key: string; readonly signal: Signal }[]> {
      const { from, to } = prefixRange(beginning);
      const found = yield* rows(
        `SELECT signals.*, key AS signal_key FROM signal_keys
         JOIN signals ON signals.tenant = signal_keys.tenant AND signals.id = signal_id
         WHERE signal_keys.tenant = ? AND key >= ? AND key < ? ORDER BY key`,
        tenant,
        from,
        to,
      );
      return found.map((row) => ({
        key: String(row["signal_key"]),
        signal: signalOf(row as unknown as SignalRow),
      }));
    }),
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (filter: SignalFilter = {}): Program<Page<Signal>> {
      const where: readonly Condition[] = [
        ["type", "=", filter.type],
        ["severity", "=", filter.severity],
        ["state", "=", filter.state],
        ["source", "=", filter.source],
        ["recorded_at", ">=", filter.since],
        ["recorded_at", "<", filter.until],
      ];
      return yield* newestFirst({ table: "signals", tenant, where }, filter, signalOf);
    }),
    /**
     * @throws Agent33Error `learning.unknown_signal`, `learning.bad_transition`
     */
    transition: write(function* (
      id: string,
      to: SignalState,
      by: string,
      reason: string,
    ): Program<Signal> {
      const asked = parseSignalTransition({ to, by, reason });
      yield* lock("signal", tenant, id);
      const found = yield* load(id);
      checkTransition(id, found.state, asked.to);
      const at = clock.now();
      yield* change(
        `UPDATE signals SET state = ?, state_reason = ?, state_by = ?, state_at = ?
         WHERE tenant = ? AND id = ?`,
        asked.to,
        asked.reason,
        asked.by,
        at,
        tenant,
        id,
      );
      return { ...found, state: to, stateReason: reason, stateBy: by, stateAt: at };
    }),
    /**
     * An intake was made of the signal. The same intake twice is one.
     * @throws Agent33Error `learning.unknown_signal`, `learning.signal_linked`
     */
    link: write(function* (id: string, intakeId: string): Program<Signal> {
      yield* change(
        "UPDATE signals SET intake_id = ? WHERE tenant = ? AND id = ? AND intake_id IS NULL",
        intakeId,
        tenant,
        id,
      );
      const signal = yield* load(id);
      if (signal.intakeId !== intakeId) throw linked(signal);
      return signal;
    }),
    /**
     * Signals without an intake that are worth one: the worst, then the best told, then the newest.
     * @throws Agent33Error `store.bad_limit`
     */
    waiting: read(function* (filter: WaitingFilter): Program<readonly Signal[]> {
      const limit = checkLimit(filter.limit);
      const worstFirst = severities.slice(severityRank(filter.minSeverity)).toReversed();
      const found: SignalRow[] = [];
      for (const severity of worstFirst) {
        if (found.length >= limit) break;
        // The conditions are those of the partial index, word for word, or it would not be used.
        const some = yield* rows(
          `SELECT * FROM signals WHERE tenant = ? AND severity = ? AND quality_score >= ?
             AND intake_id IS NULL AND state IN ('open', 'acknowledged')
           ORDER BY quality_score DESC, seq DESC LIMIT ?`,
          tenant,
          severity,
          thousandthsOf(filter.minScore),
          limit - found.length,
        );
        found.push(...(some as unknown as readonly SignalRow[]));
      }
      return found.map(signalOf);
    }),
    /** What an intake was made of, newest first. */
    signalsOf: read(function* (intakeId: string): Program<readonly Signal[]> {
      const found = yield* select(
        rowsOf().where("intake_id", "=", intakeId).orderBy("seq", "desc"),
      );
      return found.map(signalOf);
    }),
  };
}

function linked(signal: Signal): Agent33Error {
  return new Agent33Error(
    "learning.signal_linked",
    `Signal ${signal.id} belongs to intake ${signal.intakeId} already.`,
    {
      hint: "Work on that intake; a signal has one.",
      details: { id: signal.id, intakeId: signal.intakeId },
    },
  );
}
