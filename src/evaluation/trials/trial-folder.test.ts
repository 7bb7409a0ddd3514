import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { manualClock } from "../../base/clock.ts";
import { readResult } from "./result-file.ts";
import { trialOf } from "./trial.fixture.ts";
import {
  beginAttempt,
  endAttempt,
  finishTrial,
  interruptedCode,
  isFinished,
  reopenTrial,
} from "./trial-folder.ts";
import type { InfrastructureError } from "./trial.ts";

const clock = manualClock();
const failure: InfrastructureError = {
  phase: "environment",
  code: "evaluation.machine_failed",
  message: "no space",
  retryable: true,
};
const begin = (dir: string) => beginAttempt(dir, { a: 1 }, clock);
const fresh = (): string => join(temporaryFolder("trial"), "t__1");

describe("a trial's folder", () => {
  test("keeps each attempt that failed, with its error and what it left", () => {
    const dir = fresh();
    begin(dir);
    writeFileSync(join(dir, "out.txt"), "one");
    endAttempt(dir, failure);
    expect(begin(dir).earlier).toEqual([failure]);
    writeFileSync(join(dir, "out.txt"), "two");
    endAttempt(dir, { ...failure, message: "again" });
    const { earlier } = begin(dir);
    expect(earlier.map(({ message }) => message)).toEqual(["no space", "again"]);
    expect(readFileSync(join(dir, "attempts/1/out.txt"), "utf8")).toBe("one");
    expect(readFileSync(join(dir, "attempts/2/out.txt"), "utf8")).toBe("two");
    expect(existsSync(join(dir, "out.txt"))).toBe(false);
  });

  test("begins anew where a kill had left half of the error, or half of the result", () => {
    for (const half of ["error.json.new.partial", "result.json.new.partial"]) {
      const dir = fresh();
      begin(dir);
      writeFileSync(join(dir, half), '{"code": "eval');
      writeFileSync(join(dir, "out.txt"), "one");
      expect(begin(dir).earlier).toMatchObject([{ code: interruptedCode }]);
      expect(readFileSync(join(dir, "attempts/1/out.txt"), "utf8")).toBe("one");
      expect(existsSync(join(dir, half))).toBe(false);
    }
  });

  test("takes an attempt that nobody ended for one that was interrupted", () => {
    const dir = fresh();
    const { environment } = begin(dir);
    writeFileSync(join(environment, "big"), "x");
    mkdirSync(join(dir, "agent"));
    const { earlier } = begin(dir);
    expect(earlier).toMatchObject([{ code: interruptedCode, phase: null }]);
    expect(readdirSync(join(dir, "attempts/1")).toSorted()).toEqual([
      "agent",
      "config.json",
      "error.json",
      "trial.log",
    ]);
  });

  test("counts an attempt once, wherever setting it aside was cut short", () => {
    for (let moved = 0; moved <= 3; moved += 1) {
      const dir = fresh();
      begin(dir);
      writeFileSync(join(dir, "error.json"), JSON.stringify(failure));
      mkdirSync(join(dir, "attempts/1"), { recursive: true });
      const names = ["config.json", "trial.log", "error.json"].slice(0, moved);
      for (const name of names) renameSync(join(dir, name), join(dir, "attempts/1", name));
      expect(begin(dir).earlier, `after ${moved}`).toEqual(
        // Once the error has moved all has, but for an empty place.
        [failure],
      );
      expect(readdirSync(join(dir, "attempts"))).toEqual(["1"]);
    }
  });

  test("has its result whole or not at all", () => {
    const dir = fresh();
    const { environment } = begin(dir);
    expect(isFinished(dir)).toBe(false);
    const trial = trialOf({ id: "1" });
    finishTrial(dir, trial);
    expect(isFinished(dir)).toBe(true);
    expect(existsSync(environment)).toBe(false);
    const text = readFileSync(join(dir, "result.json"), "utf8");
    expect(readResult(text, "x")).toEqual({ kind: "own", trial });
  });

  test("can be begun anew after it had ended, and keeps what it had come to", () => {
    const dir = fresh();
    begin(dir);
    finishTrial(dir, trialOf({ id: "1" }));
    reopenTrial(dir, failure);
    expect(isFinished(dir)).toBe(false);
    expect(begin(dir).earlier).toEqual([failure]);
    expect(existsSync(join(dir, "attempts/1/result-before.json"))).toBe(true);
  });
});
