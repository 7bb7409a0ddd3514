import type { ErrorData } from "../base/errors.ts";
import type { NewSignal } from "./signal.ts";
import { cutText } from "./text.ts";

/** A trial of a task, as far as something is learned from it. */
export interface ObservedTrial {
  readonly id: string;
  readonly name: string;
  readonly task: string;
  readonly taskDigest: string | null;
  /** How people tell what was tried from what else was. */
  readonly condition: string;
  /** Who worked: an agent, the task's own solution, nobody, or a replay. */
  readonly attempt: "agent" | "oracle" | "nop" | "replay";
  /** Undefined without a verdict. */
  readonly passed: boolean | undefined;
  readonly rewards: Readonly<Record<string, number>>;
  /** What kept it from a verdict, or what ended its agent early. */
  readonly error: ErrorData | undefined;
  /** The end of what its verifier said. */
  readonly output: string;
  readonly runId: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly at: number | null;
  readonly folder: string;
  /** Paths below the folder. */
  readonly artefacts: readonly string[];
}

const summaryCharacters = 300;
const detailCharacters = 8_000;
const valueCharacters = 2_000;

/**
 * What a trial teaches, if anything: that an agent's work did not pass, that a task's own solution
 * does not or doing nothing does, or that there was no verdict. The key is the trial's, so that it may
 * be told again.
 */
export function trialSignal(trial: ObservedTrial): NewSignal | undefined {
  const seen = seenIn(trial);
  if (seen === undefined) return undefined;
  const { error, runId, folder, at } = trial;
  const context: Record<string, string> = {
    trial: trial.name,
    task: trial.task,
    condition: trial.condition,
    rewards: JSON.stringify(trial.rewards),
    folder,
    artefacts: trial.artefacts.join("\n"),
    ...(trial.taskDigest === null ? {} : { taskDigest: trial.taskDigest }),
    ...(runId === undefined ? {} : { run: runId }),
    ...(error === undefined ? {} : { code: error.code }),
  };
  const said = [
    ...(error === undefined ? [] : [`${error.code}: ${error.message}`]),
    ...(trial.output.trim() === "" ? [] : [`The verifier said last:\n${trial.output}`]),
  ];
  return {
    type: seen.type,
    severity: "medium",
    source: "engine:trial",
    summary: fit(seen.summary, summaryCharacters),
    details: endOf(said.join("\n\n"), detailCharacters),
    context: Object.fromEntries(
      Object.entries(context).map(([name, text]) => [name, fit(text, valueCharacters)]),
    ),
    idempotencyKey: fit(`trial:${trial.id}:${seen.type}`, 200),
    ...(at === null ? {} : { at }),
  };
}

type Seen = Pick<NewSignal, "type" | "summary">;

function seenIn({ attempt, passed, task, condition, error }: ObservedTrial): Seen | undefined {
  if (passed === undefined) {
    const why = error === undefined ? "" : `: ${error.code}`;
    return { type: "incident", summary: `A trial of ${task} has no verdict${why}` };
  }
  switch (attempt) {
    case "agent":
    case "replay":
      if (passed) return undefined;
      return { type: "bug", summary: `A trial of ${task} failed (${condition})` };
    case "oracle":
      if (passed) return undefined;
      return { type: "process", summary: `The solution of ${task} does not pass its tests here` };
    case "nop":
      if (!passed) return undefined;
      return { type: "process", summary: `Doing nothing passes the tests of ${task}` };
  }
}

/** What comes from files and programs may hold what a database cannot. */
function fit(text: string, characters: number): string {
  return cutText(storable(text), characters);
}

function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\u{fffd}");
}

/** The end says why it failed. */
function endOf(text: string, characters: number): string {
  const whole = storable(text);
  return whole.length <= characters ? whole : storable(whole.slice(-characters));
}
