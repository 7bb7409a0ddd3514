import type { Clock } from "../base/clock.ts";

/** What came first: the end of the work, its time limit, or the caller's signal. */
export type Ending = "exited" | "timeout" | "cancelled";

/** Waits for something to end by itself, or for what is to end it. */
export async function firstOf(
  ended: Promise<unknown>,
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Ending> {
  const over = new AbortController();
  const cancelled = Promise.withResolvers<Ending>();
  const onAbort = (): void => cancelled.resolve("cancelled");
  signal?.addEventListener("abort", onAbort, { once: true });
  // It may have been aborted while the program was being started.
  if (signal?.aborted) onAbort();
  const timeout = clock.sleep(timeoutMs, over.signal).then(
    (): Ending => "timeout",
    // Only our own abort ends the sleep early, and by then the race is decided.
    (): Ending => "exited",
  );
  const exited = ended.then((): Ending => "exited");
  try {
    return await Promise.race([exited, cancelled.promise, timeout]);
  } finally {
    over.abort();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Waits for `work`, but no longer than `limitMs`. */
export async function within(limitMs: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  const over = new AbortController();
  const limit = clock.sleep(limitMs, over.signal).catch(() => undefined);
  await Promise.race([work, limit]);
  over.abort();
}
