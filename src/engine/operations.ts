import { Agent33Error, type ErrorData, toAgent33Error } from "../base/errors.ts";
import { type JsonValue, toJsonValue } from "../base/json.ts";
import type { Host } from "./host.ts";

/** What long work belongs to: who may see it hangs on that. */
export type OperationArea = "policy" | "store";

/** Long work that somebody asked for, as it stands. */
export interface Operation {
  readonly id: string;
  /** Its place among those of this process, from 1. */
  readonly number: number;
  readonly area: OperationArea;
  /** What is done: `backup`, `check`. */
  readonly kind: string;
  readonly tenant: string;
  readonly by: { readonly user: string; readonly key: string };
  readonly state: "running" | "done" | "failed" | "cancelled";
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly progress: OperationProgress | null;
  /** What came of it; null until it is done. */
  readonly result: JsonValue;
  readonly error: ErrorData | null;
}

/** How far it is. */
export interface OperationProgress {
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
}

/** What long work is given. */
export interface OperationTools {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: OperationProgress) => void;
}

type Started = Pick<Operation, "area" | "kind" | "tenant" | "by">;
type Whose = Pick<Operation, "area" | "tenant">;

/**
 * Long work of this process that outlives the request which began it. What is over is known while the
 * process lives, the newest of it; what it did is where such things are kept.
 */
export interface Operations {
  /**
   * Begins work in the background; of one kind there is one at a time for each tenant.
   * @throws Agent33Error `engine.operation_running`, `engine.closing`
   */
  start(what: Started, work: (tools: OperationTools) => Promise<unknown>): Operation;
  /** Newest first. @param before only those with smaller numbers */
  list(
    whose: Whose,
    page: { readonly limit: number; readonly before?: number },
  ): readonly Operation[];
  /** @throws Agent33Error `engine.unknown_operation` */
  find(whose: Whose, id: string): Operation;
  /** Asks it to end. What is over is left as it is. @throws Agent33Error `engine.unknown_operation` */
  cancel(whose: Whose, id: string): Operation;
  /** Ends all that goes on, and waits for it. */
  close(): Promise<void>;
}

/** Of those that are over, in all. */
const mostKept = 200;

interface Kept {
  operation: Operation;
  readonly stop: AbortController;
}

export function createOperations({
  clock,
  ids,
  warn,
}: Pick<Host, "clock" | "ids" | "warn">): Operations {
  const kept = new Map<string, Kept>();
  const working = new Set<Promise<void>>();
  let last = 0;
  let closing = false;

  const forget = (): void => {
    const over = [...kept.values()].filter(({ operation }) => operation.finishedAt !== null);
    for (const { operation } of over.slice(0, Math.max(0, over.length - mostKept))) {
      kept.delete(operation.id);
    }
  };
  const keptOf = ({ area, tenant }: Whose, id: string): Kept => {
    const found = kept.get(id);
    if (found?.operation.area === area && found.operation.tenant === tenant) return found;
    throw new Agent33Error("engine.unknown_operation", `There is no operation ${id} here.`, {
      hint: "A server knows the newest that it did itself since it was started. List them.",
    });
  };
  const refuseSecond = ({ area, kind, tenant }: Started): void => {
    for (const { operation } of kept.values()) {
      if (operation.state !== "running" || operation.kind !== kind) continue;
      if (operation.area !== area || operation.tenant !== tenant) continue;
      throw new Agent33Error("engine.operation_running", `Another ${kind} is going on.`, {
        hint: "Wait until it is over, or cancel it.",
        retryable: true,
        details: { operation: operation.id },
      });
    }
  };

  return {
    start: (what, work) => {
      if (closing) throw closingError();
      refuseSecond(what);
      last += 1;
      const stop = new AbortController();
      const one: Kept = {
        stop,
        operation: {
          ...what,
          id: ids(),
          number: last,
          state: "running",
          startedAt: clock.now(),
          finishedAt: null,
          progress: null,
          result: null,
          error: null,
        },
      };
      kept.set(one.operation.id, one);
      const change = (change: Partial<Operation>): void => {
        one.operation = { ...one.operation, ...change };
      };
      const over = (end: Partial<Operation>): void => {
        change({ finishedAt: clock.now(), ...end });
        forget();
      };
      const run = async (): Promise<void> => {
        // The one who asked is answered before anything is done.
        await Promise.resolve();
        try {
          stop.signal.throwIfAborted();
          const onProgress = (progress: OperationProgress): void => change({ progress });
          const result = await work({ signal: stop.signal, onProgress });
          over({ state: "done", result: toJsonValue(result ?? null) });
        } catch (thrown) {
          // What somebody ended is no failure, whatever the work said to that.
          if (stop.signal.aborted) return over({ state: "cancelled" });
          const error = toAgent33Error(thrown).toJSON();
          warn(`serve: ${what.kind}: ${error.code}: ${error.message}`);
          over({ state: "failed", error });
        }
      };
      const task = run().finally(() => working.delete(task));
      working.add(task);
      return one.operation;
    },
    list: ({ area, tenant }, { limit, before = Number.POSITIVE_INFINITY }) =>
      [...kept.values()]
        .map(({ operation }) => operation)
        .filter((one) => one.area === area && one.tenant === tenant && one.number < before)
        .toReversed()
        .slice(0, limit),
    find: (whose, id) => keptOf(whose, id).operation,
    cancel: (whose, id) => {
      const one = keptOf(whose, id);
      if (one.operation.state === "running") one.stop.abort();
      return one.operation;
    },
    close: async () => {
      closing = true;
      for (const { stop } of kept.values()) stop.abort();
      await Promise.all(working);
    },
  };
}

/** For work that would begin while what it needs is closed. */
export function closingError(): Agent33Error {
  return new Agent33Error("engine.closing", "Nothing new is begun: the engine is closing.", {
    hint: "Ask again when it is there again.",
    retryable: true,
  });
}
