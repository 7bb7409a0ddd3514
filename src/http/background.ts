import { isAgent33Error } from "../base/errors.ts";
import type { RouteContext } from "./route.ts";

/**
 * Work on a run that goes on after its request was answered: what fails is told to the operator, but
 * not that the server let go of the run because it closes. The next start goes on with it.
 * @param what of the run, for the warning: `run 0198… was not taken up`
 */
export function inBackground(
  work: Promise<unknown>,
  what: string,
  { host, signal }: Pick<RouteContext, "host" | "signal">,
): void {
  work.catch((error: unknown) => {
    if (signal.aborted && isAgent33Error(error) && error.code === "engine.run_lost") return;
    host.warn(`serve: ${what}: ${String(error)}`);
  });
}
