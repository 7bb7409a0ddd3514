import { canonicalJson } from "../../base/json.ts";
import { cellsOf } from "../jobs/matrix.ts";
import { byCondition } from "../statistics/suite.ts";
import { conditionName, passedOf, type Trial } from "../trials/trial.ts";
import { hasTag } from "./gates-file.ts";
import type { Gate } from "./gates-form.ts";
import type { GoldenTask } from "./golden-tasks.ts";
import type { JudgedJob } from "./judged-job.ts";
import type { Narrowed } from "./impact.ts";
import { thresholdCheck, thresholdName } from "./threshold-check.ts";
import { type GateCheck, type GateVerdict, type GoldenVerdict, outcomeOf } from "./verdict.ts";

/** What is judged, and by what. */
export interface GateCase {
  readonly name: string;
  readonly gate: Gate;
  /** Those that the gate tries. */
  readonly golden: readonly GoldenTask[];
  readonly job: JudgedJob;
  /** What was checked out, or why that is not known. */
  readonly origin: Pick<GateVerdict, "checkout" | "whyNoCheckout">;
  /** Whether the job was made by this very gate. */
  readonly madeHere: boolean;
  /** What was left out of it, where only what a change touches was asked for. */
  readonly narrowed?: Narrowed;
}

/**
 * Judges a job by a gate. What was skipped, is missing or is not known has not been shown, and so
 * does not pass.
 * @param judgedAt milliseconds since the Unix epoch
 * @param more checks that need more than the job
 */
export function judgeGate(
  given: GateCase,
  judgedAt: number,
  more: readonly GateCheck[] = [],
): GateVerdict {
  const { name, gate, golden, job, origin, madeHere, narrowed } = given;
  const groups = byCondition(job.trials.filter(({ attempt }) => attempt !== "nop"));
  const tasks =
    groups.length === 0
      ? golden.map((task) => goldenVerdict(given, task, []))
      : groups.flatMap((trials) => golden.map((task) => goldenVerdict(given, task, trials)));
  const left = narrowed?.golden ?? [];
  const [thresholds, untouched] = thresholdsOf(gate, golden, left);
  const checks = [
    ...jobChecks(given, groups.length),
    ...tasks.flatMap(taskCheck),
    ...groups.flatMap((trials) =>
      thresholds.map((threshold) =>
        thresholdCheck({ threshold, golden, trials, figures: job.figures, level: gate.level }),
      ),
    ),
    ...more,
  ];
  return {
    format: "agent33-gate/2",
    gate: name,
    outcome: outcomeOf(checks),
    judgedAt,
    ...origin,
    job: { id: job.config.id, name: job.config.name, dir: job.dir, madeHere },
    level: gate.level,
    ...(narrowed === undefined
      ? {}
      : { impact: { ...narrowed.impact, thresholds: untouched.map(thresholdName) } }),
    tasks: [...tasks, ...left.map(notImpacted)],
    checks,
  };
}

/** A threshold that is only about tasks that were left out is about nothing here. */
function thresholdsOf(
  { thresholds }: Gate,
  golden: readonly GoldenTask[],
  left: readonly GoldenTask[],
): readonly [Gate["thresholds"], Gate["thresholds"]] {
  const isLeft = ({ tags }: Gate["thresholds"][number]): boolean =>
    tags !== undefined &&
    left.some((task) => hasTag(task, tags)) &&
    !golden.some((task) => hasTag(task, tags));
  return [thresholds.filter((one) => !isLeft(one)), thresholds.filter(isLeft)];
}

function notImpacted({ name, tags, owner }: GoldenTask): GoldenVerdict {
  return {
    task: name,
    tags: [...tags],
    owner,
    condition: null,
    status: "not_impacted",
    trials: 0,
    passes: 0,
    message: "Nothing that it hangs on changed, so that it was not tried.",
  };
}

/** Whether the job is what the gate asks for: another one may say nothing of it. */
function jobChecks({ gate, job }: GateCase, conditions: number): readonly GateCheck[] {
  const { config, left } = job;
  const check = (name: string, isMet: boolean, message: string): GateCheck => ({
    kind: "job",
    name,
    condition: null,
    outcome: isMet ? "met" : "missed",
    action: "block",
    message,
  });
  const fields = ["agents", "models", "efforts", "skills"] as const;
  const differing = fields.filter(
    (field) => canonicalJson(config[field]) !== canonicalJson(gate[field]),
  );
  const elsewhere =
    gate.environment !== undefined && gate.environment !== config.environment
      ? ["environment"]
      : [];
  const wrong = [...differing, ...elsewhere];
  const kindOf = (agent: number): string | undefined => config.agents[agent]?.kind;
  const planned = cellsOf(config).filter(({ agent }) => kindOf(agent) !== "nop").length;
  return [
    check(
      "conditions",
      wrong.length === 0,
      wrong.length === 0
        ? "The job was made under the conditions of the gate."
        : `The job differs from the gate in ${wrong.join(", ")}.`,
    ),
    check(
      "finished",
      left === 0 && conditions === planned,
      left > 0
        ? `${left} trials of the job have no result.`
        : `${conditions} of ${planned} conditions have trials.`,
    ),
  ];
}

function goldenVerdict(
  { gate, job }: GateCase,
  golden: GoldenTask,
  condition: readonly Trial[],
): GoldenVerdict {
  const { name: task, tags, owner, digest } = golden;
  const [first] = condition;
  const own = condition.filter((trial) => trial.task.name === task);
  const judged = own.filter((trial) => passedOf(trial) !== undefined);
  const passes = judged.filter(passedOf).length;
  const of = (status: GoldenVerdict["status"], message: string): GoldenVerdict => ({
    task,
    tags: [...tags],
    owner,
    condition: first === undefined ? null : conditionName(first.condition),
    status,
    trials: judged.length,
    passes,
    message,
  });
  const left = job.excluded.find((one) => one.task === task);
  if (left !== undefined) return of("skipped", `The job left it out: ${left.reason}`);
  const pinned = Object.hasOwn(job.pins.tasks, task) ? job.pins.tasks[task] : undefined;
  if (pinned === undefined) return of("missing", "The job did not try it.");
  // Trials are held to the job's pins when they are made; of what was copied here nobody knows.
  const versions = [pinned.digest, ...own.map((trial) => trial.task.digest)];
  if (versions.some((one) => one !== digest)) {
    return of("missing", "The job tried another version of it.");
  }
  if (own.length === 0) return of("missing", "It has no trial.");
  if (judged.length < Math.max(gate.trials, own.length)) {
    const asked = Math.max(gate.trials, own.length);
    return of("incomplete", `${judged.length} of ${asked} trials have a verdict.`);
  }
  // As in a report: by most of its trials; a tie is no pass.
  const passed = passes * 2 > judged.length;
  return of(passed ? "passed" : "failed", `${passes} of ${judged.length} trials passed.`);
}

/** A critical task must pass. Of others only what was not tried is told; thresholds judge the rest. */
function taskCheck(verdict: GoldenVerdict): readonly GateCheck[] {
  const { task, tags, owner, condition, status, message } = verdict;
  const isCritical = tags.includes("critical");
  const tried = status === "passed" || status === "failed";
  if (!isCritical && tried) return [];
  return [
    {
      kind: "task",
      name: task,
      condition,
      outcome: status === "passed" ? "met" : status === "failed" ? "missed" : "unknown",
      action: isCritical ? "block" : "warn",
      message: `${isCritical ? "Critical" : "Golden"} task, ${status} (owner ${owner}): ${message}`,
    },
  ];
}
