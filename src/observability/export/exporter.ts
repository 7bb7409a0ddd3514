import { type FeedSource, type Place, readFeed, type Told } from "../feed/feed.ts";
import { type ExportPlace, readExportPlace, writeExportPlace } from "./place-file.ts";

/** What came of a delivery. */
export interface Delivered {
  /** Lines or spans that the other side refused for good: they are not sent again. */
  readonly dropped: number;
  /** Of a file: its length now. */
  readonly bytes?: number;
}

/** Where records go. */
export interface Sink {
  readonly name: string;
  /** Of a file: how long it is now, 0 where there is none. */
  readonly length?: () => number;
  /** Hands over all or throws; what was handed over before it threw may come again. */
  deliver(told: readonly Told[], place: ExportPlace): Promise<Delivered>;
}

export interface ExporterParts {
  readonly sink: Sink;
  readonly source: FeedSource;
  /** The file that says how far this export has come. */
  readonly path: string;
  /** What no other process writes under. */
  readonly mark: string;
  /** Whether something is to be handed over; what the export does itself is not. */
  readonly isTold: (told: Told) => boolean;
  /** Undefined where another process exports to the same place. Returns what ends it. */
  readonly alone: () => (() => void) | undefined;
}

/** Records on their way to one place. */
export interface Exporter {
  readonly name: string;
  /**
   * Hands over what is there. The place is noted after each part, so that nothing is left out
   * however the process ends.
   * @throws what the sink throws; the next time goes on from the same place
   */
  look(signal?: AbortSignal): Promise<void>;
  place(): ExportPlace;
}

const atOnce = 500;

export function createExporter(parts: ExporterParts): Exporter {
  const { sink, source, path, mark, isTold, alone } = parts;

  const handOver = async (signal: AbortSignal | undefined): Promise<void> => {
    let kept = readExportPlace(path);
    const note = (next: ExportPlace): void => {
      writeExportPlace(path, next, mark);
      kept = next;
    };
    for (;;) {
      const { told, place, more } = await readFeed(source, kept.place, atOnce);
      const records = told.filter(isTold);
      // A file in the place of one that was moved away: what is written from here on is cut off at
      // this length if it is not noted in time.
      const length = sink.length?.() ?? kept.bytes;
      if (length < kept.bytes) note({ ...kept, bytes: length });
      try {
        const none: Delivered = { dropped: 0 };
        const { dropped, bytes = kept.bytes } =
          records.length === 0 ? none : await sink.deliver(records, kept);
        const exported = kept.exported + Math.max(0, records.length - dropped);
        const next = { ...kept, bytes, exported, dropped: kept.dropped + dropped };
        if (hasMoved(kept.place, place)) note({ ...next, place: { ...place } });
      } catch (error) {
        note({ ...kept, failures: kept.failures + 1 });
        throw error;
      }
      if (!more || signal?.aborted === true) return;
    }
  };

  return {
    name: sink.name,
    look: async (signal) => {
      const release = alone();
      if (release === undefined) return;
      try {
        await handOver(signal);
      } finally {
        release();
      }
    },
    place: () => readExportPlace(path),
  };
}

function hasMoved(before: Place, after: Place): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}
