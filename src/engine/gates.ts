import { join, resolve, dirname } from "node:path";
import { putFile } from "../base/disk.ts";
import { ctrfVerdict, markdownVerdict } from "../evaluation/gates/gate-report.ts";
import { gateNamed, readGates, tasksOfGate } from "../evaluation/gates/gates-file.ts";
import type { Gate } from "../evaluation/gates/gates-form.ts";
import { type GoldenTask, loadGolden } from "../evaluation/gates/golden-tasks.ts";
import { judgeGate } from "../evaluation/gates/judge-gate.ts";
import { readJudgedJob } from "../evaluation/gates/judged-job.ts";
import type { GateVerdict } from "../evaluation/gates/verdict.ts";
import type { Host } from "./host.ts";
import type { JobRunRequest } from "./jobs.ts";

export type { GateVerdict };

/** A gate of a file, with its golden tasks as they are on the disk now. */
export interface OpenGate {
  readonly name: string;
  readonly gate: Gate;
  readonly golden: readonly GoldenTask[];
}

/**
 * Opens a gate.
 * @param file from where the host is
 * @throws Agent33Error `evaluation.gates_*`, `evaluation.unknown_gate`, `evaluation.duplicate_task`,
 * `evaluation.task_*`
 */
export async function openGate(
  host: Pick<Host, "cwd">,
  file: string,
  name: string,
): Promise<OpenGate> {
  const path = resolve(host.cwd, file);
  const gates = readGates(path);
  const gate = gateNamed(gates, name);
  return { name, gate, golden: await loadGolden(tasksOfGate(gates, gate), dirname(path)) };
}

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
  const verdict = judgeGate({ ...open, job: judged }, host.clock.now());
  putFile(join(dir, `verdict-${open.name}.json`), `${JSON.stringify(verdict, null, 2)}\n`, "new");
  return verdict;
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
