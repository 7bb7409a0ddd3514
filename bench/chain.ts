import type { Benchmark, Candidate } from "./benchmark.ts";
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
export const chainBenchmark: Benchmark = {
  prepare: async () => {
    for (const contender of contenders) await checkContender(contender);
    const chains = contenders.map((contender) => ({
      contender,
      chain: contender.build(noop, usualSettings),
    }));
    const candidates = chains.map(
      ({ contender, chain }): Candidate => ({
        name: contender.name,
        call: () => chain.call(ask),
        leavesOut: leavesOut(contender),
      }),
    );
    return {
      candidates,
      notes: [
        "Each chain is seen to retry, time out, open, decide and record what it claims before it is timed.",
      ],
      close: () => {
        for (const { chain } of chains) chain.close?.();
      },
    };
  },
};
