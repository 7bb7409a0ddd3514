import { join, resolve } from "node:path";
import { putFile } from "../base/disk.ts";
import { ctrfVerdict, markdownVerdict } from "../evaluation/gates/gate-report.ts";
import { judgeGate } from "../evaluation/gates/judge-gate.ts";
import { readJudgedJob } from "../evaluation/gates/judged-job.ts";
import type { GateCheck, GateVerdict } from "../evaluation/gates/verdict.ts";
import { isAgent33Error } from "../base/errors.ts";
import { checkRegressions } from "./gate-regressions.ts";
import type { Host } from "./host.ts";
import type { JobRunRequest } from "./jobs.ts";
import type { OpenGate } from "./open-gate.ts";

export { openGate, type OpenGate } from "./open-gate.ts";
export type { GateVerdict };

/** The job that a gate asks for. */
export function jobOfGate({ gate, golden }: OpenGate): JobRunRequest {
  const { agents, models, efforts, skills, trials, environment } = gate;
  return {
    tasks: golden.map(({ dir }) => dir),
    agents: [...agents],
    models: [...models],
    efforts: [...efforts],
    skills: [...skills],
    trials,
    ...(environment === undefined ? {} : { environment }),
  };
}

/**
 * Judges a job by a gate, and keeps the verdict beside its trials as `verdict-GATE.json`.
 * @param job its folder, from where the host is
 * @throws Agent33Error `evaluation.*`
 */
export async function judgeJob(
  host: Pick<Host, "cwd" | "clock">,
  open: OpenGate,
  job: string,
): Promise<GateVerdict> {
  const dir = resolve(host.cwd, job);
  const judged = await readJudgedJob(dir, open.golden);
  const more = await regressionChecks(host, open, job);
  const verdict = judgeGate({ ...open, job: judged }, host.clock.now(), more);
  putFile(join(dir, `verdict-${open.name}.json`), `${JSON.stringify(verdict, null, 2)}\n`, "new");
  return verdict;
}

/** What got worse, where the gate asks for it. Regressions that people decided to leave are told, and met. */
async function regressionChecks(
  host: Pick<Host, "cwd" | "clock">,
  open: OpenGate,
  job: string,
): Promise<readonly GateCheck[]> {
  const rule = open.gate.regressions;
  if (rule === undefined) return [];
  const all = { kind: "regression" as const, name: `against ${rule.against}`, condition: null };
  try {
    const { regressions, compared } = await checkRegressions(host, open, job, rule.against);
    const message = `${regressions.length} regressions in ${compared} tasks.`;
    return [
      // Nothing that was compared has shown nothing.
      { ...all, outcome: compared === 0 ? "unknown" : "met", action: rule.action, message },
      ...regressions.map(({ id, kind, subject, condition, concern, state, message }) => ({
        kind: "regression" as const,
        name: `${kind} of ${subject}`,
        condition,
        outcome: state === "wontfix" ? ("met" as const) : ("missed" as const),
        action: concern === "success" ? rule.action : rule.others,
        message: `${message} (${id}, ${state})`,
      })),
    ];
  } catch (error) {
    if (!isAgent33Error(error) || error.code !== "evaluation.unknown_baseline") throw error;
    return [{ ...all, outcome: "unknown", action: rule.action, message: error.message }];
  }
}

/** The forms of a verdict. */
export const verdictFormats = ["markdown", "json", "ctrf"] as const;
export type VerdictFormat = (typeof verdictFormats)[number];

/** A verdict in one of its forms. */
export function renderVerdict(verdict: GateVerdict, format: VerdictFormat): string {
  switch (format) {
    case "markdown":
      return markdownVerdict(verdict);
    case "ctrf":
      return `${JSON.stringify(ctrfVerdict(verdict), null, 2)}\n`;
    case "json":
      return `${JSON.stringify(verdict, null, 2)}\n`;
  }
}
