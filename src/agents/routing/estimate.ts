import type { Effort } from "../../base/effect.ts";
import type { RunMode } from "../../events/event.ts";

/** What one earlier run used. */
export interface RunUse {
  readonly tokens: number;
  readonly costMicroUsd: number;
  readonly unpricedCalls: number;
}

/** What half of such runs stay within, and nine of ten. */
export interface Spread {
  readonly p50: number;
  readonly p90: number;
}

/** What a run will use, and how that is known: never a single figure, which is wrong by twice often. */
export interface Estimate {
  readonly tokens: Spread;
  /** In micro-USD; null where the model has no known price. */
  readonly costMicroUsd: Spread | null;
  readonly basis: "history" | "prior";
  /** How many runs the history has, few or many. */
  readonly runs: number;
}

/** Fewer runs than this say too little of what nine of ten need. */
export const enoughRuns = 10;

/** Tokens of half of all runs that work with tools. Assumed, not measured here. */
const priorTokens: Readonly<Record<Effort, number>> = {
  low: 20_000,
  medium: 60_000,
  high: 150_000,
};
/**
 * Costs of 500 coding tasks with one model spread with a standard deviation of 0.69 in their
 * logarithm; nine of ten are then within exp(1.2816 × 0.69) of the middle.
 */
const spread = 2.42;
/** Conversations are read again each turn, so that most tokens are input. Assumed. */
const inputShare = 0.9;
const charactersPerToken = 4;
/** The system prompt and the definitions of tools. Assumed. */
const promptTokens = 1_000;

export interface PriorQuestion {
  readonly effort: Effort;
  readonly mode: RunMode;
  readonly characters: number;
  readonly maxOutputTokens: number;
}

/**
 * What a run is expected to use: from the runs of the same agent, tier and model where there are
 * enough of them, else from what is assumed of any run, and says which.
 * @param costOf a price for so many tokens in and out; undefined where there is none
 */
export function estimateRun(
  history: readonly RunUse[],
  question: PriorQuestion,
  costOf: (inputTokens: number, outputTokens: number) => number | undefined,
): Estimate {
  const runs = history.length;
  if (runs < enoughRuns) return { ...prior(question, costOf), basis: "prior", runs };
  const priced = history.filter(({ unpricedCalls }) => unpricedCalls === 0);
  return {
    tokens: spreadOf(history.map(({ tokens }) => tokens)),
    costMicroUsd:
      priced.length < enoughRuns ? null : spreadOf(priced.map(({ costMicroUsd }) => costMicroUsd)),
    basis: "history",
    runs,
  };
}

function prior(
  { effort, mode, characters, maxOutputTokens }: PriorQuestion,
  costOf: (inputTokens: number, outputTokens: number) => number | undefined,
): Pick<Estimate, "tokens" | "costMicroUsd"> {
  const asked = promptTokens + Math.ceil(characters / charactersPerToken);
  const [some, most] =
    mode === "once"
      ? [split(asked, Math.ceil(maxOutputTokens / 4)), split(asked, maxOutputTokens)]
      : [shared(asked + priorTokens[effort]), shared((asked + priorTokens[effort]) * spread)];
  const [p50, p90] = [costOf(some.input, some.output), costOf(most.input, most.output)];
  return {
    tokens: { p50: some.input + some.output, p90: most.input + most.output },
    costMicroUsd: p50 === undefined || p90 === undefined ? null : { p50, p90 },
  };
}

function split(input: number, output: number) {
  return { input, output };
}

function shared(tokens: number) {
  const whole = Math.ceil(tokens);
  const input = Math.ceil(whole * inputShare);
  return { input, output: whole - input };
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  // Nearest rank: a figure that a run really had.
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { p50: at(0.5), p90: at(0.9) };
}
