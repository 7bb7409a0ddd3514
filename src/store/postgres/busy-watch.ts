import type { Clock } from "../../base/clock.ts";
import { isAgent33Error } from "../../base/errors.ts";
import type { BusyNotice } from "../backend.ts";

/** Does a write of a tenant, and tells when those of the tenant have not got on for long. */
export type BusyWatch = <T>(tenant: string, write: () => Promise<T>) => Promise<T>;

/** The writes of one tenant that are not answered yet. */
interface Line {
  count: number;
  /** When one was last answered, or the first came; on the clock's monotonic time. */
  movedAt: number;
}

/** Without an answer for a shorter time is ordinary and nobody is told. */
const noticeAfterMs = 1000;
const lookEveryMs = 250;

/**
 * The server says nothing of a write that waits for a lock, until it is refused. So what is looked
 * at is whether writes are answered: a session that was stopped inside a transaction keeps all of
 * its tenant waiting.
 */
export function createBusyWatch(clock: Clock, onBusy: (notice: BusyNotice) => void): BusyWatch {
  const lines = new Map<string, Line>();
  let timer: NodeJS.Timeout | undefined;
  /** Since when the writers wait that somebody was told of. */
  let toldOf: number | undefined;
  let gaveUpAt = Number.NEGATIVE_INFINITY;

  const stuck = (line: Line): boolean => clock.monotonic() - line.movedAt >= noticeAfterMs;
  const tell = (state: BusyNotice["state"], since: number): void => {
    const waitedMs = Math.round(clock.monotonic() - since);
    const waiting = [...lines.values()].reduce((sum, { count }) => sum + count, 0);
    // A fault of the listener must not keep the writers from their answers.
    queueMicrotask(() => onBusy({ waitedMs, waiting, state }));
  };
  const look = (): void => {
    const waiting = [...lines.values()].filter(stuck);
    if (waiting.length === 0 || toldOf !== undefined) return;
    toldOf = Math.min(...waiting.map(({ movedAt }) => movedAt));
    tell("waiting", toldOf);
  };
  const goOn = (line: Line): void => {
    line.movedAt = clock.monotonic();
    if (toldOf === undefined || [...lines.values()].some(stuck)) return;
    tell("gone on", toldOf);
    toldOf = undefined;
  };
  const giveUp = (line: Line): void => {
    if (clock.monotonic() - gaveUpAt < noticeAfterMs) return;
    gaveUpAt = clock.monotonic();
    tell("given up", line.movedAt);
  };

  return async (tenant, write) => {
    const line = lines.get(tenant) ?? { count: 0, movedAt: clock.monotonic() };
    lines.set(tenant, line);
    line.count += 1;
    // What looks is no reason for the process to live.
    timer ??= setInterval(look, lookEveryMs).unref();
    try {
      const result = await write();
      goOn(line);
      return result;
    } catch (error) {
      if (isAgent33Error(error) && error.code === "store.busy") giveUp(line);
      else goOn(line);
      throw error;
    } finally {
      line.count -= 1;
      if (line.count === 0) lines.delete(tenant);
      if (lines.size === 0) {
        clearInterval(timer);
        timer = undefined;
        toldOf = undefined;
      }
    }
  };
}
