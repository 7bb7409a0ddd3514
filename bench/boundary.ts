import type { Candidate, Comparison } from "./benchmark.ts";
import { checkContender } from "./chain/checks.ts";
import { cockatielContenders } from "./chain/cockatiel.ts";
import { type Contender, features } from "./chain/contender.ts";
import { opossumContenders } from "./chain/opossum.ts";
import { ourContenders } from "./chain/ours.ts";
import { ask, type Handler, noop, usualSettings } from "./chain/workload.ts";

const { signal } = new AbortController();

const rawAwait: Contender = {
  name: "raw await",
  does: [],
  build: (handler: Handler) => ({ call: (input) => handler(input, { signal }) }),
};

const contenders = [rawAwait, ...ourContenders, ...cockatielContenders, ...opossumContenders];

function leavesOut({ does }: Contender): readonly string[] {
  const done = new Set<string>(does);
  return Object.entries(features).flatMap(([feature, words]) => (done.has(feature) ? [] : [words]));
}

/** One async handler that does nothing, behind each chain. */
export const boundaryBenchmark: Comparison = {
  candidates: contenders.map(
    (contender): Candidate => ({
      name: contender.name,
      leavesOut: leavesOut(contender),
      build: async () => {
        await checkContender(contender);
        await contender.before?.();
        const { call, close } = contender.build(noop, usualSettings);
        return { call: () => call(ask), ...(close === undefined ? {} : { close }) };
      },
    }),
  ),
  notes: () => [
    "Each is timed in a process of its own; before that it is seen there to retry, time out, cancel, open, refuse and record as it claims.",
    "In memory: records are counted and dropped. SQLite full waits for the disk at each commit, normal does not: 1 commit a read, 4 a write.",
    "The budget in SQLite is drawn in slices of a hundredth: a call writes to it only when a slice is used up.",
    "A read's record is asked for when a batch is written, off the call's path; in the row that makes it at once it has its id and digest before the call returns.",
    'cockatiel is told not to abort its signal after success, which by default costs it more than all the rest; the row "as it comes" leaves it so.',
  ],
};
