import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { putFile, syncToDisk } from "../../base/disk.ts";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { attempt } from "../../base/result.ts";
import { removeTree } from "../workspaces/remove-tree.ts";
import { resultFile } from "./result-file.ts";
import { type InfrastructureError, infrastructureErrorSchema, type Trial } from "./trial.ts";

/** Earlier attempts at the same trial, each in a folder of its own, by number. */
const attemptsName = "attempts";
const errorName = "error.json";
/** Where the environment has its files while the trial lasts. */
const environmentName = "environment";

/** The error of an attempt that nobody ended: its process was killed or told to stop. */
export const interruptedCode = "evaluation.trial_interrupted";

/** The folders of one attempt at a trial. */
export interface AttemptFolder {
  /** Of the environment; removed at the end. */
  readonly environment: string;
  /** What came before, in its order. */
  readonly earlier: readonly InfrastructureError[];
  log(words: string): void;
}

/** Whether a trial has its result. */
export function isFinished(dir: string): boolean {
  return existsSync(join(dir, "result.json"));
}

/**
 * Makes the folder of a trial ready for a new attempt. What one that was cut short left there is
 * kept beside.
 * @param facts what is to be tried, for `config.json`
 */
export function beginAttempt(dir: string, facts: JsonObject, clock: Clock): AttemptFolder {
  // Not for this user alone: somebody without rights may be who works in it.
  mkdirSync(dir, { recursive: true });
  setAside(dir);
  const log = (words: string): void =>
    appendFileSync(join(dir, "trial.log"), `${new Date(clock.now()).toISOString()} ${words}\n`);
  writeFileSync(join(dir, "config.json"), `${JSON.stringify(facts, null, 2)}\n`);
  log("begun");
  const environment = join(dir, environmentName);
  mkdirSync(environment);
  return { environment, earlier: earlierAttempts(dir), log };
}

/** Keeps an attempt that failed beside, so that another can begin. */
export function endAttempt(dir: string, error: InfrastructureError): void {
  putFile(join(dir, errorName), `${JSON.stringify(error, null, 2)}\n`, "new");
  setAside(dir);
}

/** Begins a trial anew that has a result already. */
export function reopenTrial(dir: string, error: InfrastructureError): void {
  putFile(join(dir, errorName), `${JSON.stringify(error, null, 2)}\n`, "new");
  // Without its result the trial is one that was cut short, whatever happens next.
  renameSync(join(dir, "result.json"), join(dir, "result-before.json"));
  setAside(dir);
}

/** Writes the result, whole or not at all. There is nothing to be done for the trial afterwards. */
export function finishTrial(dir: string, trial: Trial): void {
  removeTree(join(dir, environmentName));
  putFile(join(dir, "result.json"), `${JSON.stringify(resultFile(trial), null, 2)}\n`, "new");
}

/**
 * Moves all that an attempt left into a folder of its own. It can be cut short at any place: the
 * error moves last, and a folder without one takes the rest.
 */
function setAside(dir: string): void {
  removeTree(join(dir, environmentName));
  const left = (): readonly string[] => readdirSync(dir).filter((name) => name !== attemptsName);
  const numbers = attemptNumbers(dir);
  const newest = numbers.at(-1);
  const open =
    newest !== undefined && !existsSync(join(dir, attemptsName, String(newest), errorName));
  if (left().length === 0 && !open) return;
  const folder = join(dir, attemptsName, String(open ? newest : (newest ?? 0) + 1));
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(dir, errorName))) {
    putFile(join(dir, errorName), `${JSON.stringify(interrupted(dir), null, 2)}\n`, "new");
  }
  // Looked at only now: a half of the error that a kill had left is gone with the writing of it.
  for (const name of left()) {
    if (name !== errorName) renameSync(join(dir, name), join(folder, name));
  }
  renameSync(join(dir, errorName), join(folder, errorName));
  syncToDisk(folder);
}

function interrupted(dir: string): InfrastructureError {
  return {
    phase: null,
    ...new Agent33Error(
      interruptedCode,
      `The trial "${basename(dir)}" was interrupted before its end.`,
      { hint: "It was begun anew.", retryable: true },
    ).toJSON(),
  };
}

function attemptNumbers(dir: string): readonly number[] {
  const folder = join(dir, attemptsName);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number)
    .toSorted((one, other) => one - other);
}

function earlierAttempts(dir: string): readonly InfrastructureError[] {
  return attemptNumbers(dir).map((number) => {
    const path = join(dir, attemptsName, String(number), errorName);
    const read = attempt(() =>
      infrastructureErrorSchema.parse(JSON.parse(readFileSync(path, "utf8"))),
    );
    if (read.ok) return read.value;
    throw new Agent33Error(
      "evaluation.attempt_unreadable",
      `${path} does not say how an earlier attempt ended: ${messageOf(read.error)}`,
      { hint: `Take the folder "${join(dir, attemptsName)}" away.`, cause: read.error },
    );
  });
}
