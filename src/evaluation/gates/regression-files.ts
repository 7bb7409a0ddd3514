import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, putFile } from "../../base/disk.ts";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import { filesIn, gatesFolder, type Survey, survey } from "./baseline-files.ts";
import { type Regression, regressionSchema } from "./regression-record.ts";

const folderOf = (jobsDir: string): string => join(jobsDir, gatesFolder, "regressions");

/** Keeps a regression, whole or as it was. Whoever changes one must be alone at it. */
export function saveRegression(jobsDir: string, regression: Regression): void {
  makeFolder(folderOf(jobsDir));
  const path = join(folderOf(jobsDir), `${regression.id}.json`);
  putFile(path, `${JSON.stringify(regression, null, 2)}\n`, "new");
}

/**
 * All regressions of a folder of jobs, the latest change first.
 * @throws Agent33Error `evaluation.regression_malformed`
 */
export function listRegressions(jobsDir: string): readonly Regression[] {
  return latestFirst(filesIn(folderOf(jobsDir)).map(readOne));
}

/** All that can be read, the latest change first, and what is wrong with the others. */
export function surveyRegressions(jobsDir: string): Survey<Regression> {
  const { items, damaged } = survey(filesIn(folderOf(jobsDir)), readOne);
  return { items: latestFirst(items), damaged };
}

/** When a regression was last seen or worked on. */
export const changedAt = ({ history }: Regression): number => history.at(-1)?.at ?? 0;

const latestFirst = (all: readonly Regression[]): readonly Regression[] =>
  all.toSorted((a, b) => changedAt(b) - changedAt(a));

/** Nothing where it was never found. @throws Agent33Error `evaluation.regression_malformed` */
export function findRegression(jobsDir: string, id: string): Regression | undefined {
  const path = join(folderOf(jobsDir), `${id}.json`);
  return existsSync(path) ? readOne(path) : undefined;
}

/**
 * The one regression whose id begins with these characters.
 * @throws Agent33Error `evaluation.unknown_regression`, `evaluation.regression_malformed`
 */
export function regressionNamed(jobsDir: string, start: string): Regression {
  const all = listRegressions(jobsDir);
  const fitting = start === "" ? [] : all.filter(({ id }) => id.startsWith(start));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  throw new Agent33Error(
    "evaluation.unknown_regression",
    fitting.length === 0
      ? `There is no regression "${start}" in "${jobsDir}".`
      : `${fitting.length} regressions begin with "${start}".`,
    { hint: "`agent33 gate regressions list` has their ids." },
  );
}

function readOne(path: string): Regression {
  try {
    return regressionSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new Agent33Error(
      "evaluation.regression_malformed",
      `The regression ${path} cannot be read: ${messageOf(cause)}`,
      {
        hint: "It is written by `agent33 gate`; take it away, and what is still so is found anew.",
        cause,
      },
    );
  }
}
