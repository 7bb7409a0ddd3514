import type { FollowOptions, StreamItem } from "./call.ts";
import { bytesOf, serverEvents } from "./event-stream.ts";
import type { Problem } from "./operations.ts";
import { problemOfThrown } from "./problem.ts";
import { createSilence } from "./silence.ts";
import type { Transport } from "./transport.ts";

const firstPauseMs = 500;
const longestPauseMs = 30_000;
const usualSilenceMs = 45_000;

/**
 * Follows a stream over broken connections: it comes back with the last id that it was told, so that
 * no event is missed or told twice, and ends when the server has nothing more to tell. What cannot
 * get better by itself (a key that does not hold, a run that is not there) is told as a problem.
 * @param path with its query; the place to begin at stands there
 */
export async function* follow<T>(
  transport: Transport,
  path: string,
  { signal, onState, silenceMs = usualSilenceMs }: FollowOptions = {},
): AsyncGenerator<StreamItem<T>, void, undefined> {
  let lastId: string | undefined;
  let failures = 0;
  // Typed as a function: what it says changes while this waits.
  const isOver = (): boolean => signal?.aborted === true;
  while (!isOver()) {
    onState?.("waiting");
    const silence = createSilence(silenceMs, signal);
    const headers = {
      accept: "text/event-stream, application/problem+json",
      ...(lastId === undefined ? {} : { "last-event-id": lastId }),
    };
    const answered = await transport.open({ method: "GET", path, headers, limit: silence });
    let problem: Problem | undefined = answered.ok ? undefined : answered.problem;
    if (answered.ok) {
      const { status, body } = answered.response;
      if (status === 204 || body === null) return silence.end();
      onState?.("open");
      try {
        for await (const { id, event, data } of serverEvents(bytesOf(body), silence.heard)) {
          if (event === "server.closing") continue;
          lastId = id;
          failures = 0;
          yield { ok: true, id, value: JSON.parse(data) as T };
        }
      } catch (thrown) {
        problem = problemOfThrown(thrown, silence.signal);
      } finally {
        silence.end();
      }
    }
    silence.end();
    if (isOver()) return;
    if (problem !== undefined && !problem.retryable) return yield { ok: false, problem };
    await pause(failures, signal);
    failures += 1;
  }
}

/** Longer after each failure, and never the same for all that were cut off at once. */
async function pause(failures: number, signal: AbortSignal | undefined): Promise<void> {
  const most = Math.min(longestPauseMs, firstPauseMs * 2 ** failures);
  const ms = failures === 0 ? 0 : most * (0.5 + Math.random() / 2);
  await new Promise<void>((done) => {
    const timer = setTimeout(over, ms);
    function over(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      done();
    }
    signal?.addEventListener("abort", over);
  });
}
