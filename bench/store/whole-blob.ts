import { DatabaseSync } from "node:sqlite";
import { qualityOf } from "../../src/learning/quality.ts";
import type { NewSignal } from "../../src/learning/signal.ts";

/**
 * How the Python engine keeps its signals, made again for comparison: all of them in memory and as
 * one JSON text in one row, which is written anew, through a connection opened for it, whenever one
 * signal comes. Journal and waiting for the disk are SQLite's defaults. Left out, in its favour:
 * checking every record's types and copying the whole state before each save.
 */
export interface WholeBlob {
  readonly size: number;
  ids(): readonly string[];
  /** Returns once the whole state is on disk. */
  record(signal: NewSignal, id: string, at: number): void;
  /** Adds many before one save. */
  recordAll(signals: readonly NewSignal[], idOf: () => string, at: number): void;
}

interface Kept {
  readonly signal_id: string;
  readonly [field: string]: unknown;
}

interface State {
  readonly signals: readonly Kept[];
  readonly generated_intakes: readonly unknown[];
  readonly signal_intake_map: Readonly<Record<string, string>>;
}

/** Reads the whole of what a file holds; an absent one holds nothing. */
export function openWholeBlob(path: string): WholeBlob {
  const state = load(path);
  const signals = new Map(state.signals.map((signal) => [signal.signal_id, signal]));
  const save = (): void => {
    const payload = JSON.stringify({ ...state, signals: [...signals.values()] } satisfies State);
    withConnection(path, (database) => {
      database
        .prepare(
          `INSERT INTO learning_signal_state (state_key, payload) VALUES (1, ?)
           ON CONFLICT (state_key) DO UPDATE SET payload = excluded.payload`,
        )
        .run(payload);
    });
  };
  const add = (signal: NewSignal, id: string, at: number): void => {
    signals.set(id, keptOf(signal, id, at));
  };
  return {
    get size() {
      return signals.size;
    },
    ids: () => [...signals.keys()],
    record: (signal, id, at) => {
      add(signal, id, at);
      save();
    },
    recordAll: (many, idOf, at) => {
      for (const signal of many) add(signal, idOf(), at);
      save();
    },
  };
}

function load(path: string): State {
  return withConnection(path, (database) => {
    const row = database.prepare("SELECT payload FROM learning_signal_state").get();
    if (row === undefined) return { signals: [], generated_intakes: [], signal_intake_map: {} };
    return JSON.parse(String(row["payload"])) as State;
  });
}

function withConnection<T>(path: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    database.exec(
      `CREATE TABLE IF NOT EXISTS learning_signal_state
         (state_key INTEGER PRIMARY KEY, payload TEXT NOT NULL)`,
    );
    return work(database);
  } finally {
    database.close();
  }
}

function keptOf(signal: NewSignal, id: string, at: number): Kept {
  const { type, severity, summary, details, source, context } = signal;
  const { score, label, reasons } = qualityOf(signal);
  return {
    signal_id: id,
    signal_type: type,
    severity,
    tenant_id: "default",
    summary,
    details,
    source,
    context,
    recorded_at: new Date(at).toISOString(),
    quality_score: score,
    quality_label: label,
    quality_reasons: reasons,
    enrichment: {
      has_source: "true",
      context_items: String(Object.keys(context).length),
      summary_length: String(summary.length),
      details_length: String(details.length),
    },
    intake_generated: false,
    related_intake_id: null,
  };
}
