import { toAgent33Error } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";
import type { BreakerSnapshot } from "../boundary/breaker.ts";
import type { Settings } from "../config/schema.ts";
import type { Trial } from "../evaluation/trials/trial.ts";
import { intakeFromSignal } from "../learning/intake-rules.ts";
import type { Intake } from "../learning/intake.ts";
import { signalsOf } from "../learning/observe.ts";
import { type Severity, severityRank } from "../learning/severity.ts";
import { fittedSignal, type NewSignal, parseNewSignal, type Signal } from "../learning/signal.ts";
import type { Backend } from "../store/backend.ts";
import type { LastCheck } from "../store/last-check.ts";
import type { TenantStore } from "../store/repositories/index.ts";
import { replayedBy } from "./create-replay.ts";
import { damageSignal } from "./damage-news.ts";
import type { Host } from "./host.ts";
import { markTold, recoveryMetrics, recoverySignal } from "./recovery-news.ts";
import type { RecoveryReport } from "./store-recover.ts";
import type { EngineStore } from "./tenant-store.ts";
import { signalOfTrial } from "./trial-signals.ts";

export interface RecordedSignal {
  readonly signal: Signal;
  /** `repeated` added to one that was seen before; `known` is a request that was made before. */
  readonly outcome: "recorded" | "repeated" | "known";
  /** The intake that the rules made of it, or that it had. */
  readonly intakeId: string | null;
}

/** What is learned, for the settings' tenant. */
export interface Learning {
  /** The tenant's rows where learning state is kept: this store, or the team's PostgreSQL. */
  rows(): Promise<TenantStore>;
  /**
   * Records a signal and, where the rules say so, an intake for it.
   * @throws Agent33Error `learning.bad_signal`, `store.*`
   */
  record(input: unknown): Promise<RecordedSignal>;
  /**
   * Makes intakes of the signals that most deserve one and have none. Asked twice, it makes none
   * the second time.
   */
  generateIntakes(request?: IntakeRequest): Promise<readonly Intake[]>;
  /** Reads what runs have logged since it was last read. Returns how many signals that gave. */
  catchUp(): Promise<number>;
  /** What happened while nobody asked: recorded in the background. */
  observeRun(runId: string): void;
  observeBreaker(opened: BreakerSnapshot): void;
  /** That a reading of all of the store found damage. */
  observeDamage(found: LastCheck): void;
  /**
   * Records what a trial teaches, once however often it is told. Each trial is a signal of its own,
   * with its evidence. What cannot be recorded is said, and the trial is none the worse for it.
   * @param folder of the trial
   */
  recordTrial(trial: Trial, folder: string): Promise<void>;
  /** That the store was damaged and is recovered, once for each time. */
  observeRecovery(report: RecoveryReport): void;
  close(): Promise<void>;
}

export interface IntakeRequest {
  readonly minSeverity?: Severity;
  /** 0 to 1. */
  readonly minScore?: number;
  readonly limit?: number;
}

export interface LearningParts {
  readonly settings: Settings["learning"];
  readonly tenant: string;
  readonly host: Host;
  readonly store: EngineStore;
  readonly redactor: Redactor;
  /** Opens the team's store. */
  readonly openShared: (url: string) => Promise<Backend>;
}

const hourMs = 3_600_000;
const defaultIntakes = 3;
/** Runs that one catching up looks at. */
const runsAtOnce = 1000;

export function createLearning(parts: LearningParts): Learning {
  const { settings, tenant, host, store, redactor } = parts;
  let shared: Promise<Backend> | undefined;
  const background = new Set<Promise<void>>();
  const rows = async (): Promise<TenantStore> => {
    if (settings.store === undefined) return hiding(store.backend.tenant(tenant), redactor);
    shared ??= parts.openShared(settings.store);
    try {
      return hiding((await shared).tenant(tenant), redactor);
    } catch (error) {
      // It may be there again when it is asked for next.
      shared = undefined;
      throw error;
    }
  };
  const local = store.backend.tenant(tenant);
  const dedupeWindowMs = settings.repeatHours * hourMs;
  const { automaticIntakes } = settings;

  const deservesIntake = ({ severity, quality, state }: Signal): boolean =>
    automaticIntakes.enabled &&
    (state === "open" || state === "acknowledged") &&
    severityRank(severity) >= severityRank(automaticIntakes.minSeverity) &&
    quality.score >= automaticIntakes.minScore;

  const recordParsed = async (
    signal: NewSignal,
    windowMs = dedupeWindowMs,
  ): Promise<RecordedSignal> => {
    const to = await rows();
    const hidden = fittedSignal(redactor.value(signal) as NewSignal);
    const recorded = await to.signals.record(hidden, { dedupeWindowMs: windowMs });
    if (recorded.signal.intakeId !== null || !deservesIntake(recorded.signal)) {
      return { ...recorded, intakeId: recorded.signal.intakeId };
    }
    const { intake } = await to.intakes.createAutomatic(
      { ...intakeFromSignal(recorded.signal), quality: recorded.signal.quality },
      recorded.signal.id,
    );
    return {
      ...recorded,
      signal: { ...recorded.signal, intakeId: intake.id },
      intakeId: intake.id,
    };
  };

  const learnFrom = async (runId: string): Promise<number> => {
    const run = await local.runs.get(runId);
    if (run === undefined) return 0;
    const events = await local.runLog.read(runId, {
      fromSeq: (await local.learnedRuns.mark(runId)) + 1,
    });
    // What a replay shows was learned from the run that it replays.
    const signals = replayedBy(run) === undefined ? signalsOf(run, events) : [];
    for (const signal of signals) await recordParsed(signal);
    const last = events.at(-1);
    if (last !== undefined) await local.learnedRuns.setMark(runId, last.seq);
    return signals.length;
  };

  const catchUp = async (): Promise<number> => {
    if (!settings.enabled) return 0;
    let found = 0;
    for (const runId of await local.learnedRuns.behind(runsAtOnce)) {
      try {
        found += await learnFrom(runId);
      } catch (thrown) {
        const { code, message } = toAgent33Error(thrown);
        // A store that is away is away for all of them; a log that cannot be read is one run's.
        if (code.startsWith("store.") && code !== "store.bad_row") throw thrown;
        host.warn(`What run ${runId} teaches could not be read: ${code}: ${message}`);
      }
    }
    return found;
  };

  /** A run must not fail because its lessons could not be written; the log keeps them for later. */
  const inBackground = (what: string, work: () => Promise<unknown>): void => {
    const done: Promise<void> = work()
      .then(
        () => undefined,
        (thrown: unknown) => {
          const { code, message } = toAgent33Error(thrown);
          host.warn(`${what} could not be recorded: ${code}: ${message}`);
        },
      )
      .finally(() => background.delete(done));
    background.add(done);
  };

  return {
    rows,
    record: async (input) => recordParsed(parseNewSignal(input)),
    generateIntakes: async (request = {}) => {
      const to = await rows();
      const waiting = await to.signals.waiting({
        minSeverity: request.minSeverity ?? automaticIntakes.minSeverity,
        minScore: request.minScore ?? automaticIntakes.minScore,
        limit: request.limit ?? defaultIntakes,
      });
      const made: Intake[] = [];
      for (const signal of waiting) {
        const { intake, made: fresh } = await to.intakes.createAutomatic(
          { ...intakeFromSignal(signal), quality: signal.quality },
          signal.id,
        );
        if (fresh) made.push(intake);
      }
      return made;
    },
    catchUp,
    observeRun: (runId) => {
      if (settings.enabled) {
        inBackground(`What run ${runId} teaches`, async () => {
          await learnFrom(runId);
          // Runs of processes that died, or of a time when the team's store was away.
          await catchUp();
        });
      }
    },
    observeBreaker: (opened) => {
      if (!settings.enabled) return;
      const at = host.clock.now();
      inBackground(`That the breaker ${opened.key} opened`, () =>
        recordParsed({
          type: "incident",
          severity: "high",
          summary: `The circuit breaker of ${opened.key} opened`.slice(0, 300),
          details: `${opened.failures} of the last ${opened.attempts} attempts failed and ${opened.slow} were slow. Calls are refused until it lets a probe through.`,
          source: "engine:breaker",
          context: {
            breaker: opened.key,
            attempts: String(opened.attempts),
            failures: String(opened.failures),
            slow: String(opened.slow),
          },
          idempotencyKey: `breaker:${host.pid}:${at}:${opened.key}`.slice(0, 200),
          at,
        }),
      );
    },
    observeDamage: (found) => {
      if (!settings.enabled) return;
      inBackground("That the store is damaged", () => recordParsed(damageSignal(found)));
    },
    recordTrial: async (trial, folder) => {
      if (!settings.enabled) return;
      try {
        const signal = await signalOfTrial(trial, folder);
        if (signal !== undefined) await recordParsed(signal, 0);
      } catch (thrown) {
        const { code, message } = toAgent33Error(thrown);
        host.warn(`What trial ${trial.name} teaches could not be recorded: ${code}: ${message}`);
      }
    },
    observeRecovery: (report) => {
      if (!settings.enabled) return;
      inBackground("That the store was recovered", async () => {
        await recordParsed(recoverySignal(report));
        await (await rows()).metrics.snapshot(recoveryMetrics(report));
        markTold(report);
      });
    },
    close: async () => {
      while (background.size > 0) await Promise.all(background);
      await (await shared)?.close();
    },
  };
}

/**
 * The tenant's rows, whose functions are given no secrets: people and tools may have written one
 * into what is to be kept.
 */
function hiding(rows: TenantStore, redactor: Redactor): TenantStore {
  const repositories = Object.entries(rows).map(([name, functions]) => [
    name,
    Object.fromEntries(
      Object.entries(functions as Readonly<Record<string, Operation>>).map(([word, run]) => [
        word,
        (...given: readonly JsonValue[]) => run(...given.map((value) => redactor.value(value))),
      ]),
    ),
  ]);
  return Object.fromEntries(repositories) as TenantStore;
}

type Operation = (...given: readonly JsonValue[]) => Promise<unknown>;
