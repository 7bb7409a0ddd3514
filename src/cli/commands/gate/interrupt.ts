import type { CliContext } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import type { Output } from "../../output.ts";

/** @returns nothing where it was stopped: what is half done says nothing */
export async function untilInterrupted<T>(
  context: CliContext,
  output: Output,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const stop = new AbortController();
  const restore = context.onInterrupt(() => {
    // Children are ended by the sandbox's exit guard.
    if (stop.signal.aborted) process.exit(exitCodes.cancelled);
    output.err("ending what runs. Once more ends at once");
    stop.abort();
  });
  try {
    const done = await work(stop.signal);
    if (!stop.signal.aborted) return done;
  } catch (error) {
    // What breaks because it was stopped is no news.
    if (!stop.signal.aborted) throw error;
  } finally {
    restore();
  }
  context.exit(exitCodes.cancelled);
  return undefined;
}
