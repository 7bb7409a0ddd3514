import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import type { Sealed } from "../../base/seal.ts";
import { namesIn } from "./baseline-files.ts";
import { type GateVerdict, sealedVerdictSchema } from "./verdict.ts";

const pattern = /^verdict-(.+)\.json$/;

/** The file of a gate's verdict in the folder of the job that it judged. */
export function verdictFile(gate: string): string {
  return `verdict-${gate}.json`;
}

/** The gates whose verdicts a job's folder has, by name. */
export function gatesJudged(jobDir: string): readonly string[] {
  return namesIn(jobDir).flatMap((name) => pattern.exec(name)?.[1] ?? []);
}

/**
 * What a gate said of a job, the last time that it was asked. Its seal is not looked at.
 * @throws Agent33Error `evaluation.unknown_verdict`, `evaluation.verdict_malformed`
 */
export function readVerdict(jobDir: string, gate: string): Sealed<GateVerdict> {
  // Only a name that the folder lists is one: no other makes a path.
  if (!gatesJudged(jobDir).includes(gate)) {
    throw new Agent33Error(
      "evaluation.unknown_verdict",
      `The gate "${gate}" has not judged this job.`,
      { hint: "Judge it: `agent33 gate run GATE --job JOB`." },
    );
  }
  const path = join(jobDir, verdictFile(gate));
  try {
    return sealedVerdictSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new Agent33Error(
      "evaluation.verdict_malformed",
      `The verdict ${path} cannot be read: ${messageOf(cause)}`,
      { hint: "Judge the job again: `agent33 gate run GATE --job JOB`.", cause },
    );
  }
}
