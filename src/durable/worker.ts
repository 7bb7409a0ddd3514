export interface WorkerOptions<C> {
  /** Takes what is ready, or undefined. */
  readonly claim: () => C | undefined;
  readonly run: (claim: C) => Promise<void>;
  readonly concurrency: number;
  readonly pollMs: number;
  readonly log: (message: string, error: unknown) => void;
}

/** Takes up ready runs, a bounded number at once, until it is stopped. */
export interface Worker {
  /** Looks now instead of at the next poll. */
  kick(): void;
  stop(): void;
}

export function startWorker<C>(options: WorkerOptions<C>): Worker {
  let running = 0;
  let stopped = false;
  let turn: NodeJS.Immediate | undefined;

  const fill = (): void => {
    turn = undefined;
    while (running < options.concurrency) {
      let claim: C | undefined;
      try {
        claim = options.claim();
      } catch (error) {
        // A busy or full store is no reason to stop for good: the next poll tries again.
        options.log("cannot look for ready runs", error);
        return;
      }
      if (claim === undefined) return;
      running += 1;
      void drive(claim);
    }
  };
  const drive = async (claim: C): Promise<void> => {
    try {
      await options.run(claim);
    } catch (error) {
      options.log("a run ended badly", error);
    } finally {
      running -= 1;
      kick();
    }
  };
  const kick = (): void => {
    if (!stopped) turn ??= setImmediate(fill);
  };
  const timer = setInterval(kick, options.pollMs);
  kick();
  return {
    kick,
    stop: () => {
      stopped = true;
      clearInterval(timer);
      if (turn !== undefined) clearImmediate(turn);
    },
  };
}
