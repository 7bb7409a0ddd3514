import type { Clock } from "../../base/clock.ts";
import { BoundaryError } from "../../boundary/errors.ts";
import type { ToolContext } from "../../tools/tool.ts";
import { toMcpError } from "./errors.ts";
import type { McpServer } from "./server.ts";
import type { McpSession } from "./session.ts";

/** Opens a server's session once more, through the boundary. */
export interface Reopening {
  open(signal: AbortSignal): Promise<McpSession>;
  /** Resolves when the latest start, cancelled or not, has tidied up; what it opened is closed. */
  settled(hurry?: AbortSignal): Promise<void>;
}

/** A server's session over its lives: one that has ended is opened again when it is needed. */
export interface KeptSession {
  current(): McpSession;
  /**
   * Does something in a session that is alive. A server that keeps ending is opened again at once
   * the first time and then later and later, until something has worked again.
   * @throws BoundaryError
   */
  use<T>(context: ToolContext, work: (session: McpSession) => Promise<T>): Promise<T>;
  alive(): boolean;
  close(hurry?: AbortSignal): Promise<void>;
}

const firstWaitMs = 500;
const longestWaitMs = 30_000;

export function keepSession(
  server: McpServer,
  first: McpSession,
  reopen: Reopening,
  clock: Clock,
): KeptSession {
  let current = first;
  let reopening: Promise<McpSession> | undefined;
  /** Openings since something worked last. */
  let openings = 0;
  let notBeforeMs = 0;
  const closing = new AbortController();
  let given = wordsOf(server);
  const atWork = new Set<Promise<unknown>>();

  /** Ends a program whose secrets were changed, once its calls are answered; at once if one is no more. */
  const renewed = async (): Promise<McpSession> => {
    await Promise.allSettled(atWork);
    await current.close();
    if (closing.signal.aborted) throw wasClosed(server);
    current = await reopen.open(closing.signal);
    return current;
  };
  const isOutdated = async (): Promise<boolean> => {
    try {
      const now = wordsOf(server);
      if (now === given) return false;
      given = now;
      return true;
    } catch (error) {
      given = "";
      await current.close();
      throw error;
    }
  };
  const restart = async (): Promise<McpSession> => {
    // What is left of the dead one goes first: two of them could fight over the same files.
    await current.close();
    if (closing.signal.aborted) throw wasClosed(server);
    openings += 1;
    notBeforeMs =
      clock.monotonic() + Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(openings - 1, 10));
    current = await reopen.open(closing.signal);
    return current;
  };
  const session = async (signal: AbortSignal): Promise<McpSession> => {
    if (closing.signal.aborted) throw wasClosed(server);
    if (reopening === undefined && (await isOutdated()) && current.alive()) {
      reopening ??= renewed().finally(() => {
        reopening = undefined;
      });
    }
    if (reopening === undefined && current.alive()) return current;
    if (reopening === undefined) {
      const waitMs = notBeforeMs - clock.monotonic();
      if (openings > 0 && waitMs > 0) throw keepsEnding(server, openings, Math.ceil(waitMs));
      reopening = restart().finally(() => {
        reopening = undefined;
      });
    }
    return await unlessAborted(reopening, signal);
  };
  return {
    current: () => current,
    use: async (context, work) => {
      const { signal } = context;
      let running: McpSession;
      try {
        running = await session(signal);
      } catch (error) {
        const failure = toMcpError(error, { server, stage: "start", what: "the restart", signal });
        throw failure.phase === "before_send" ? failure : neverSent(failure);
      }
      const working = work(running);
      atWork.add(working);
      const done = await working.finally(() => atWork.delete(working));
      openings = 0;
      return done;
    },
    alive: () => !closing.signal.aborted && current.alive(),
    close: async (hurry) => {
      closing.abort();
      await Promise.allSettled([reopening]);
      await reopen.settled(hurry);
      await current.close(hurry);
    },
  };
}

/** What a program was given when it was started; over HTTP each request is given it anew. */
function wordsOf({ type, given }: McpServer): string {
  return type === "http" ? "" : JSON.stringify(given?.() ?? {});
}

/** It is asked again soon: the boundary waits as long where the call may be tried again. */
function keepsEnding(server: McpServer, times: number, waitMs: number): BoundaryError {
  return new BoundaryError(
    "transport",
    `MCP server "${server.name}" keeps ending: it was opened again ${times} times and did nothing since.`,
    {
      phase: "before_send",
      retryAfterMs: waitMs,
      hint: `It is opened again in ${waitMs} ms at the earliest. Its last words say why, if anything does.`,
    },
  );
}

/** A failed restart, whatever it was: the tool itself was never asked. */
function neverSent(failure: BoundaryError): BoundaryError {
  return new BoundaryError(failure.kind, failure.message, {
    phase: "before_send",
    retryable: failure.retryable,
    countsAgainstBreaker: failure.countsAgainstBreaker,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    ...(failure.ruleId === undefined ? {} : { ruleId: failure.ruleId }),
    ...(failure.approvalId === undefined ? {} : { approvalId: failure.approvalId }),
    cause: failure,
  });
}

function wasClosed(server: McpServer): BoundaryError {
  return new BoundaryError(
    "transport",
    `MCP server "${server.name}" cannot be used: it was closed.`,
    {
      phase: "before_send",
      retryable: false,
      countsAgainstBreaker: false,
    },
  );
}

/** The promise's outcome, or the signal's reason if that comes first. The promise goes on. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}
