import { createPatience, isRetryable } from "./patience.ts";

export interface WorkerOptions<C> {
  /** Takes what is ready, or undefined. */
  readonly claim: () => C | undefined;
  readonly run: (claim: C) => Promise<void>;
  readonly concurrency: number;
  readonly pollMs: number;
  readonly log: (message: string, error: unknown) => void;
  /** Asked when nothing is ready and nothing is in hand: whether to stop. */
  readonly isDone: () => boolean;
}

/** Takes up ready runs, a bounded number at once, until it is stopped or done. */
export interface Worker {
  /** Looks now instead of at the next poll. */
  kick(): void;
  /** Takes up nothing more. */
  stop(): void;
  /** Resolves when it has stopped and nothing is in hand any more. */
  readonly ended: Promise<void>;
}

export function startWorker<C>(options: WorkerOptions<C>): Worker {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let running = 0;
  let stopped = false;
  let turn: NodeJS.Immediate | undefined;
  let again: NodeJS.Timeout | undefined;
  const complain = (error: unknown): void => options.log("cannot look for ready runs", error);
  const patience = createPatience(complain);

  const stop = (): void => {
    stopped = true;
    clearInterval(timer);
    clearTimeout(again);
    if (turn !== undefined) clearImmediate(turn);
    if (running === 0) end();
  };
  const fill = (): void => {
    turn = undefined;
    clearTimeout(again);
    again = undefined;
    try {
      while (running < options.concurrency) {
        const claim = options.claim();
        if (claim === undefined) break;
        running += 1;
        void drive(claim);
      }
      patience.over();
      if (running === 0 && options.isDone()) stop();
    } catch (error) {
      // A busy or full store is no reason to stop for good: it is tried again.
      if (isRetryable(error)) again ??= setTimeout(kick, patience.refused(error));
      else complain(error);
    }
  };
  const drive = async (claim: C): Promise<void> => {
    try {
      await options.run(claim);
    } catch (error) {
      options.log("a run ended badly", error);
    } finally {
      running -= 1;
      if (stopped && running === 0) end();
      kick();
    }
  };
  const kick = (): void => {
    if (!stopped) turn ??= setImmediate(fill);
  };
  const timer = setInterval(kick, options.pollMs);
  kick();
  return { kick, stop, ended };
}
