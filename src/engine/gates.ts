import { join, resolve } from "node:path";
import { putFile } from "../base/disk.ts";
import { Agent33Error, isAgent33Error } from "../base/errors.ts";
import { seal, type Sealed, type SealKeys } from "../base/seal.ts";
import { ctrfVerdict, markdownVerdict } from "../evaluation/gates/gate-report.ts";
import { judgeGate } from "../evaluation/gates/judge-gate.ts";
import { readJudgedJob } from "../evaluation/gates/judged-job.ts";
import type { GateCheck, GateVerdict } from "../evaluation/gates/verdict.ts";
import { checkoutOf, type FoundCheckout } from "./checkout.ts";
import type { VerdictFormat } from "./capability-surface.ts";
import { checkRegressions } from "./gate-regressions.ts";
import type { Host } from "./host.ts";
import type { JobRunRequest } from "./jobs.ts";
import type { OpenGate } from "./open-gate.ts";
import { type ProbeWatch, surfaceChecks } from "./surface-checks.ts";

export { checkoutOf, type FoundCheckout } from "./checkout.ts";
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

/** What a job is judged with. */
export interface Judging {
  /** What the verdict is signed with, if anything. */
  readonly keys: SealKeys;
  /**
   * What was checked out before the job was made by this gate; without it the job is one that was
   * there, made at whatever was checked out then.
   */
  readonly madeAt?: FoundCheckout | undefined;
  readonly probes?: ProbeWatch;
}

/** A verdict, and the file that has it. */
export interface KeptVerdict {
  readonly file: string;
  readonly sealed: Sealed<GateVerdict>;
}

/**
 * Judges a job by a gate, with the probes that it asks for, and keeps the verdict, sealed, beside its trials as `verdict-GATE.json`.
 * @param job its folder, from where the host is
 * @throws Agent33Error `evaluation.*`, among them `evaluation.head_moved`
 */
export async function judgeJob(
  host: Pick<Host, "cwd" | "clock" | "env" | "nodePath">,
  open: OpenGate,
  job: string,
  { keys, madeAt, probes }: Judging,
): Promise<KeptVerdict> {
  const dir = resolve(host.cwd, job);
  const judged = await readJudgedJob(dir, open.golden);
  const more = [
    ...(await regressionChecks(host, open, job)),
    ...(await surfaceChecks(host, open.surface, probes)),
  ];
  const now = await checkoutOf(host, open.file);
  const origin = madeAt === undefined ? now : unmoved(madeAt, now, dir);
  const verdict = judgeGate(
    { ...open, job: judged, origin: originOf(origin), madeHere: madeAt !== undefined },
    host.clock.now(),
    more,
  );
  const sealed = seal(verdict, keys);
  const file = join(dir, `verdict-${open.name}.json`);
  putFile(file, `${JSON.stringify(sealed, null, 2)}\n`, "new");
  return { file, sealed };
}

function originOf(found: FoundCheckout): Pick<GateVerdict, "checkout" | "whyNoCheckout"> {
  const { checkout } = found;
  return checkout === null ? { checkout, whyNoCheckout: found.whyNoCheckout } : { checkout };
}

/**
 * What was checked out all the time. What was edited meanwhile counts as not as in the commit; what
 * the job left beside it does not.
 */
function unmoved(before: FoundCheckout, after: FoundCheckout, job: string): FoundCheckout {
  if (before.checkout?.commit !== after.checkout?.commit) {
    throw new Agent33Error(
      "evaluation.head_moved",
      "Another commit was checked out while the gate's job was made: it is of neither.",
      {
        hint: `Run the gate again, and let nothing else work in the folder; the job is kept in ${job}.`,
      },
    );
  }
  if (before.checkout === null || after.checkout === null) return before;
  const { checkout, edited } = before;
  const dirty = [...new Set([...checkout.dirty, ...after.edited])];
  return { checkout: { ...checkout, dirty }, edited };
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
