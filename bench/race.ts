import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Agent33Error } from "../src/base/errors.ts";
import type { Candidate, Progress } from "./benchmark.ts";
import type { Round } from "./harness.ts";
import { roundSchema, type Timing } from "./results.ts";
import { percentile } from "./statistics.ts";

/**
 * Times candidates in rounds, A B C A B C …, so that whatever else the machine does hits all
 * alike. Each has a process of its own, because V8 compiles code for the shapes that it has seen:
 * in one process the first candidates would be compiled for themselves and the later ones, whose
 * code is shared with them, for all before. Each gets the same time, not the same number of calls.
 * @throws Agent33Error `bench.failed`
 */
export async function race(
  benchmark: string,
  candidates: readonly Candidate[],
  rounds: number,
  progress: Progress,
): Promise<Timing[]> {
  const runners: Runner[] = [];
  try {
    for (const [index, candidate] of candidates.entries()) {
      progress(`warming up ${candidate.name}`);
      runners.push(await startRunner(benchmark, candidate, index));
    }
    // The first after the warm-up still pays for what V8 compiles of it.
    for (const runner of runners) await askFor(runner);
    for (let round = 1; round <= rounds; round += 1) {
      progress(`round ${round} of ${rounds}`);
      for (const runner of runners) runner.seen.push(await askFor(runner));
    }
  } finally {
    for (const { child } of runners) child.disconnect();
  }
  return runners.map(({ candidate, seen }) => {
    const wallMicros = seen.flatMap((round) => round.wallMicros);
    return {
      name: candidate.name,
      leavesOut: [...candidate.leavesOut],
      cpuMicros: seen.map((round) => round.cpuMicros),
      cpuInFlightMicros: seen.map((round) => round.cpuInFlightMicros),
      wallMicros: { p50: percentile(wallMicros, 0.5), p99: percentile(wallMicros, 0.99) },
    };
  });
}

interface Runner {
  readonly candidate: Candidate;
  readonly child: ChildProcess;
  readonly seen: Round[];
}

async function startRunner(
  benchmark: string,
  candidate: Candidate,
  index: number,
): Promise<Runner> {
  const child = fork(`${import.meta.dirname}/runner.ts`, [benchmark, String(index)], {
    execArgv: ["--expose-gc"],
    // What it prints is for a person; the parent's standard output is the result.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const runner = { candidate, child, seen: [] };
  await answerOf(runner);
  return runner;
}

async function askFor(runner: Runner): Promise<Round> {
  runner.child.send("round");
  return roundSchema.parse(await answerOf(runner));
}

async function answerOf({ child, candidate }: Runner): Promise<unknown> {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    const [answer, gone] = await Promise.race([
      once(child, "message", { signal }),
      once(child, "exit", { signal }).then(() => [undefined, true]),
    ]);
    if (gone !== true) return answer;
  } finally {
    settled.abort();
  }
  throw new Agent33Error("bench.failed", `Measuring "${candidate.name}" ended early.`, {
    hint: "What went wrong is printed above.",
  });
}
