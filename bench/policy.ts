import { Agent33Error } from "../src/base/errors.ts";
import type { Candidate, Comparison } from "./benchmark.ts";
import { type Ask, type BuildEngine, cedar, cel, ours } from "./policy/engines.ts";
import { makeQuestions, makeRules } from "./policy/workload.ts";

const seed = 33;
/** A power of two, so that taking the next one costs nothing. */
const questionsInTurn = 512;

const engines: Readonly<Record<string, BuildEngine>> = {
  "AGENT-33": ours,
  "cel-js 8, one rule after the other": cel,
  "cedar-wasm 4.13, parsed before": cedar,
};

/** What is timed; the first is the baseline. Cedar at 10,000 rules would take most of the time. */
const sizes: readonly (readonly [string, readonly number[]])[] = [
  ["AGENT-33", [1_000, 10, 100, 10_000]],
  ["cel-js 8, one rule after the other", [10, 100, 1_000, 10_000]],
  ["cedar-wasm 4.13, parsed before", [10, 100, 1_000]],
];

/** Random questions that all engines must answer alike before any is timed. */
const agreements = [
  { rules: 100, questions: 10_000 },
  { rules: 1_000, questions: 500 },
] as const;

/** Asks every engine the same questions; gives a line on what they said. */
function agree({ rules: count, questions: asked }: (typeof agreements)[number]): string {
  const rules = makeRules(count, seed);
  const questions = makeQuestions(count, asked, seed + count);
  const built = Object.entries(engines).map(
    ([name, build]) => [name, build(rules, questions)] as const,
  );
  let allowed = 0;
  let disagreements = 0;
  let first = "";
  for (let place = 0; place < asked; place += 1) {
    const answers = built.map(([name, ask]) => [name, ask(place)] as const);
    const [, ourAnswer] = answers[0] ?? [];
    if (ourAnswer === "allow") allowed += 1;
    if (answers.every(([, answer]) => answer === ourAnswer)) continue;
    disagreements += 1;
    first ||= `${JSON.stringify(questions[place])}: ${answers.map((one) => one.join(" says ")).join(", ")}`;
  }
  if (disagreements > 0) {
    throw new Agent33Error(
      "bench.unfair",
      `At ${count} rules the engines disagree on ${disagreements} of ${asked} questions: ${first}.`,
      { hint: "Correct how the rules are written for one of them: its figures would mislead." },
    );
  }
  return (
    `At ${count} rules all three engines agree on ${asked} of ${asked} random questions, ` +
    `${disagreements} disagreements; ${allowed} of them are allowed.`
  );
}

const done = Promise.resolve();

function candidate(name: string, count: number): Candidate {
  const engine = engines[name];
  if (engine === undefined) throw new Error(`There is no engine "${name}".`);
  return {
    name: `${name}: ${count.toLocaleString("en-US")} rules`,
    leavesOut: [],
    build: async () => {
      const rules = makeRules(count, seed);
      const ask: Ask = engine(rules, makeQuestions(count, questionsInTurn, seed));
      let place = 0;
      return {
        call: () => {
          place = (place + 1) & (questionsInTurn - 1);
          ask(place);
          return done;
        },
      };
    },
  };
}

const harness: Candidate = {
  name: "the harness alone",
  leavesOut: ["decides"],
  build: async () => ({ call: () => done }),
};

/** One decision, by three engines that were given the same rules. */
export const policyBenchmark: Comparison = {
  candidates: [
    ...sizes.flatMap(([name, counts]) => counts.map((count) => candidate(name, count))),
    harness,
  ],
  notes: () => [
    ...agreements.map(agree),
    `The rules and questions come of the seed ${seed}; ${questionsInTurn} questions in turn.`,
    "Ours begins with the facts of a call; CEL's contexts and Cedar's requests are made beforehand.",
    "CEL's expressions are tried denials first until one holds. Memory of WebAssembly is not in the bytes.",
  ],
};
