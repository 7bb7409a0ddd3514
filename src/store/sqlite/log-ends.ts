import type { LogEnds } from "../repositories/context.ts";
import type { Transactions } from "./transactions.ts";

/** More runs than are worked on at once; a bound, as ends of runs that are over stay. */
const mostKnown = 10_000;

/** Ends of logs as the appends of one connection have left them. */
export interface KnownLogEnds extends LogEnds {
  /** Rows come in by another way. */
  forget(): void;
}

/**
 * Knows the ends of those logs that were written to here last. It forgets them all as soon as another
 * connection has written anything, or something here was undone.
 */
export function createLogEnds({ era }: Pick<Transactions, "era">): KnownLogEnds {
  const ends = new Map<string, number>();
  let of: object | undefined;
  const inThisEra = (): Map<string, number> => {
    const now = era();
    if (of !== now || ends.size >= mostKnown) ends.clear();
    of = now;
    return ends;
  };
  return {
    endOf: (tenant, runId) => inThisEra().get(nameOf(tenant, runId)),
    writtenTo: (tenant, runId, seq) => {
      inThisEra().set(nameOf(tenant, runId), seq);
    },
    forget: () => ends.clear(),
  };
}

/** No text of the store has U+0000 in it. */
function nameOf(tenant: string, runId: string): string {
  return `${tenant}\u0000${runId}`;
}
