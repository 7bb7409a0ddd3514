import { type Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Processes } from "../sandbox/process.ts";

/** Work that is due from time to time while this process lives. */
export interface RecurringWork {
  /** Does it if it is due; one that is under way is waited for. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export interface RecurringParts {
  /** Milliseconds between two looks; undefined for none by itself. */
  readonly lookEveryMs: number | undefined;
  /** The processes that do it; they are ended with this one. */
  readonly processes: Pick<Processes, "killAll">;
  /** Does it if it is due. */
  readonly work: () => Promise<void>;
  /** Told of a failure, unless it is of being ended. */
  readonly onFailure: (error: Agent33Error) => void;
}

/** Looks again and again whether something is due, one look at a time. */
export function recurringWork(parts: RecurringParts): RecurringWork {
  const { lookEveryMs, processes, work, onFailure } = parts;
  let closed = false;
  let running: Promise<void> | undefined;

  const once = async (): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      if (!closed) onFailure(toAgent33Error(thrown));
    }
  };
  const look = (): Promise<void> => {
    running ??= once().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer =
    lookEveryMs === undefined ? undefined : setInterval(() => void look(), lookEveryMs).unref();

  return {
    look,
    close: async () => {
      closed = true;
      clearInterval(timer);
      // What is unfinished is of no use; the next process begins anew.
      if (running !== undefined) await processes.killAll();
      await running;
    },
  };
}
