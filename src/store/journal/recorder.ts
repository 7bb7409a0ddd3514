import type { ObservedSession } from "../sqlite/session.ts";
import type { JournalFile } from "./journal-file.ts";
import type { Done } from "./line.ts";
import { advance } from "./position.ts";

/** Sees every transaction of one connection before it is committed. */
export interface Recorder {
  /** The transaction has begun: the write lock is held. */
  begin(): Recording;
  close(): void;
}

/** One transaction. */
export interface Recording {
  /** Where it is now, to go back to. */
  mark(): number;
  /** What was done since the mark was undone. */
  backTo(mark: number): void;
  /** It is about to be committed, and may be no longer than this call. */
  beforeCommit(): void;
  /** It was not committed. */
  undone(): void;
}

/** Writes what each transaction does to rows into the journal, whatever table it is. */
export function journalRecorder(sql: ObservedSession, file: JournalFile): Recorder {
  return {
    begin: () => {
      const statements: Done[] = [];
      let written = false;
      sql.observe((text, parameters, changes) => statements.push({ text, parameters, changes }));
      return {
        mark: () => statements.length,
        backTo: (mark) => {
          statements.length = mark;
        },
        beforeCommit: () => {
          sql.observe(undefined);
          if (statements.length === 0) return;
          file.append(sql, statements);
          written = true;
        },
        undone: () => {
          sql.observe(undefined);
          if (written) file.undo();
        },
      };
    },
    close: () => file.close(),
  };
}

/**
 * Where nothing is to be written to a journal: the changes are counted all the same, so that one
 * that was written to before, or elsewhere, is not taken for whole.
 */
export function countingRecorder(sql: ObservedSession): Recorder {
  return {
    begin: () => {
      let changed = false;
      sql.observe(() => {
        changed = true;
      });
      return {
        mark: () => 0,
        backTo: () => undefined,
        beforeCommit: () => {
          sql.observe(undefined);
          if (changed) advance(sql);
        },
        undone: () => sql.observe(undefined),
      };
    },
    close: () => undefined,
  };
}
