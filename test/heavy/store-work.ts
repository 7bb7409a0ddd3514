import { type NewIntake, parseNewIntake } from "../../src/learning/intake.ts";
import { intakeFromSignal } from "../../src/learning/intake-rules.ts";
import type { NewSignal } from "../../src/learning/signal.ts";
import { isAgent33Error } from "../../src/base/errors.ts";
import type { TenantStore } from "../../src/store/repositories/index.ts";

/**
 * What writing processes write. Every write has a key of its own, `process.writer.number`, whose
 * number says what kind of write it is; a check of the store finds each by its key.
 */
export const tenantName = "heavy";

/** Keys that were kept. */
export type Kept = readonly string[];

/** One write: the keys that it will acknowledge, and how to do it. */
export interface Write {
  readonly keys: Kept;
  run(): Promise<Kept>;
}

export type WriteKind = "signal" | "append" | "intake" | "automatic" | "again";

/** Of ten writes. */
const kinds: readonly WriteKind[] = [
  "signal",
  "append",
  "signal",
  "intake",
  "append",
  "signal",
  "automatic",
  "append",
  "signal",
  "again",
];

/** What kind of write a key belongs to. */
export function kindOf(key: string): WriteKind {
  return kinds[numberOf(key) % kinds.length] ?? "signal";
}

/**
 * What a killed process may have written without saying so: of each writer, the first write that
 * it did not acknowledge.
 */
export function inDoubtOf(
  name: string,
  writers: number,
  acknowledged: ReadonlySet<string>,
): readonly string[] {
  return Array.from({ length: writers }, (_, writer) => {
    let number = 0;
    const key = () => `${name}.${writer}.${number}`;
    while (acknowledged.has(key()) || kindOf(key()) === "again") number += 1;
    return key();
  });
}

/** Whether a write may be asked for twice. */
export function repeatable(key: string): boolean {
  return kindOf(key) === "signal" || kindOf(key) === "automatic";
}

/** How many events the append of a key has: 1 to 3. */
export function eventsOf(key: string): number {
  return 1 + (numberOf(key) % 3);
}

function numberOf(key: string): number {
  return Number(key.slice(key.lastIndexOf(".") + 1));
}

/** Different words, since numbers do not tell two signals apart. */
const summaries = "ash beech birch cedar elm fir hazel larch lime maple oak pine rowan willow yew"
  .split(" ")
  .map((tree) => `The ${tree} gate answered late and the caller gave up`);
const types = ["bug", "incident", "performance"] as const;
const severities = ["low", "medium", "high"] as const;
const repeatWindowMs = 3_600_000;

function signalOf(key: string): NewSignal {
  const number = numberOf(key);
  return {
    type: types[number % types.length] ?? "bug",
    severity: severities[number % severities.length] ?? "low",
    summary: summaries[number % summaries.length] ?? "",
    details: key,
    source: `heavy:${number % 2}`,
    context: {},
    idempotencyKey: key,
  };
}

function intakeOf(key: string): NewIntake {
  return parseNewIntake({
    submittedBy: "heavy",
    classification: { researchType: "internal" },
    content: { title: key },
  });
}

export interface StoreWork {
  /** Makes the runs that are appended to. */
  prepare(): Promise<void>;
  /** The writes of one writer, one after the other. */
  writer(index: number): () => Write;
  /** A signal once more that may be there, with its intake where it is to have one. */
  again(key: string): Promise<Kept>;
}

/** @param name begins every key */
export function storeWork(rows: TenantStore, name: string): StoreWork {
  const own = `run-${name}`;
  const shared = "run-shared";

  const signal = async (key: string): Promise<Kept> => {
    // Every second one counts as a repeat where there is one like it.
    const dedupeWindowMs = numberOf(key) % 2 === 0 ? repeatWindowMs : 0;
    const { outcome } = await rows.signals.record(signalOf(key), { dedupeWindowMs });
    if (outcome === "known") throw new TypeError(`The new key ${key} was known.`);
    return [key];
  };
  const append = async (key: string): Promise<Kept> => {
    const texts = Array.from({ length: eventsOf(key) }, (_, index) => `${key}#${index}`);
    const runId = numberOf(key) % 4 === 0 ? shared : own;
    await rows.runLog.append(
      runId,
      texts.map((text) => ({ type: "message.user", text })),
    );
    return [key];
  };
  const intake = async (key: string): Promise<Kept> => {
    await rows.intakes.create(intakeOf(key));
    return [key];
  };
  /** A signal and, asked for twice at once, the one intake of it. */
  const automatic = async (key: string): Promise<Kept> => {
    const { signal, outcome } = await rows.signals.record(signalOf(key), { dedupeWindowMs: 0 });
    const asked = { ...intakeFromSignal(signal), quality: signal.quality };
    const [one, other] = await Promise.all([
      rows.intakes.createAutomatic(asked, signal.id),
      rows.intakes.createAutomatic(asked, signal.id),
    ]);
    // Where a part was refused before, the signal is known and its intake may be, too.
    const made = Number(one.made) + Number(other.made);
    if (one.intake.id !== other.intake.id || (outcome === "recorded" ? made !== 1 : made > 1)) {
      throw new TypeError(`The signal ${key} got two intakes.`);
    }
    return [key];
  };
  const again = async (key: string): Promise<Kept> => {
    const { signal } = await rows.signals.record(signalOf(key), { dedupeWindowMs: 0 });
    if (kindOf(key) === "automatic") {
      await rows.intakes.createAutomatic(
        { ...intakeFromSignal(signal), quality: signal.quality },
        signal.id,
      );
    }
    return [key];
  };

  return {
    prepare: async () => {
      for (const id of [own, shared]) {
        try {
          const spec = { task: { text: "Write" } };
          const run = { id, task: "Write", agent: "a", model: "m", effort: "low", spec };
          await rows.runs.create({ ...run, workspace: null });
        } catch (error) {
          if (!(isAgent33Error(error) && error.code === "store.run_exists")) throw error;
        }
      }
    },
    writer: (index) => {
      let number = 0;
      let lastSignal = `${name}.${index}.0`;
      return () => {
        const key = `${name}.${index}.${number}`;
        number += 1;
        switch (kindOf(key)) {
          case "signal":
            lastSignal = key;
            return { keys: [key], run: () => signal(key) };
          case "append":
            return { keys: [key], run: () => append(key) };
          case "intake":
            return { keys: [key], run: () => intake(key) };
          case "automatic":
            return { keys: [key], run: () => automatic(key) };
          case "again": {
            const known = lastSignal;
            return {
              keys: [],
              run: async () => {
                const { outcome } = await rows.signals.record(signalOf(known), {
                  dedupeWindowMs: 0,
                });
                if (outcome !== "known") throw new TypeError(`The key ${known} was not known.`);
                return [];
              },
            };
          }
        }
      };
    },
    again,
  };
}
