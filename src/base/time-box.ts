import { createContext, Script } from "node:vm";
import { systemCodeOf } from "./errors.ts";

const place: { work: () => void } = { work: () => undefined };
const room = createContext(place);
const script = new Script("work()");

/**
 * Does work that nothing else could interrupt, such as matching a pattern from outside, and breaks
 * it off when its time is up. The limit costs about a tenth of a millisecond. Not for work within
 * such work.
 * @param limitMs milliseconds
 * @returns undefined where it was broken off
 * @throws what the work throws
 */
export function inTimeBox<T>(limitMs: number, work: () => T): { readonly value: T } | undefined {
  let done: { readonly value: T } | undefined;
  place.work = () => {
    done = { value: work() };
  };
  try {
    script.runInContext(room, { timeout: limitMs });
  } catch (error) {
    if (systemCodeOf(error) !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    return undefined;
  }
  return done;
}
