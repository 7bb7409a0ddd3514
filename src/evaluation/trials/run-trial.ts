import { existsSync } from "node:fs";
import { lstat, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Effort } from "../../base/effect.ts";
import type { Clock } from "../../base/clock.ts";
import { Agent33Error, systemCodeOf, toAgent33Error } from "../../base/errors.ts";
import type { AttemptResult, SkillArm, TrialAgent } from "../attempts/attempt.ts";
import { boundedWork } from "../attempts/bounded-work.ts";
import type { PreparedTask, TaskEnvironment } from "../environments/environment.ts";
import { allowsNextStep, taskRewards } from "../tasks/step-reward.ts";
import type { Task, TaskStep } from "../tasks/task.ts";
import { keepChanged, lookAt } from "./changed-files.ts";
import { judgeStep } from "./judge-step.ts";
import { createSpending } from "./spending.ts";
import type { AttemptFolder } from "./trial-folder.ts";
import type { Artefact, Condition, PassRule, Phase, Trial, TrialStep } from "./trial.ts";

/** As Harbor has it for what it does before an agent works. */
const setupLimitMs = 360_000;

/** One trial to be made. */
export interface TrialPlan {
  readonly id: string;
  /** The name of its folder. */
  readonly name: string;
  /** Its folder. */
  readonly dir: string;
  readonly task: Task;
  readonly taskDigest: string;
  /** The set that the task is of. */
  readonly source: string | null;
  readonly agent: TrialAgent;
  readonly condition: Condition;
  readonly model: string | undefined;
  readonly effort: Effort | undefined;
  readonly skills: SkillArm;
  /** From 1. */
  readonly repetition: number;
  readonly timeoutMultiplier: number;
  readonly passRule: PassRule;
}

/** What trials are made with. */
export interface TrialParts {
  readonly clock: Clock;
  /** Where the task's verifier finds the variables that it asks for. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Makes one attempt at a trial: the environment is started, the agent works through the steps, each
 * is judged. An agent's error or timeout is recorded, and what it left is judged all the same; what
 * the infrastructure did is an error, never a zero.
 * @returns undefined where the signal aborted: the trial is undone then
 */
export async function attemptTrial(
  plan: TrialPlan,
  prepare: () => Promise<PreparedTask>,
  folder: AttemptFolder,
  parts: TrialParts,
  signal: AbortSignal,
): Promise<Trial | undefined> {
  const { clock } = parts;
  const { task, agent } = plan;
  const startedAt = clock.now();
  const phaseMs: Partial<Record<Phase, number>> = {};
  let phase: Phase = "environment";
  const during = async <T>(name: Phase, work: () => Promise<T>): Promise<T> => {
    phase = name;
    const from = clock.monotonic();
    try {
      return await work();
    } finally {
      phaseMs[name] = (phaseMs[name] ?? 0) + clock.monotonic() - from;
    }
  };
  const spending = createSpending();
  const artefacts: Artefact[] = [];
  const digests: Record<string, string> = { ...agent.digests };
  let environment: TaskEnvironment | undefined;
  let verdict: Trial["verdict"];
  const steps: TrialStep[] = [];
  try {
    environment = await during("environment", async () => {
      const prepared = await prepare();
      Object.assign(digests, prepared.digests);
      const withSkills = agent.attempt === "agent" ? plan.skills === "own" : true;
      const limitMs = task.environment.buildTimeoutMs * plan.timeoutMultiplier;
      return startWithin(limitMs, clock, signal, (within) =>
        prepared.start({ dir: folder.environment, withSkills, signal: within }),
      );
    });
    for (const [index, step] of task.steps.entries()) {
      const name = step.name ?? `step-${index + 1}`;
      const outcome = await oneStep(environment, step, task.steps.length === 1 ? undefined : name);
      steps.push({ name, ...outcome });
      if (!allowsNextStep(step, outcome.rewards)) break;
    }
    const agentError = steps.findLast((step) => step.agentError !== undefined)?.agentError;
    verdict = {
      kind: "scored",
      rewards: taskRewards(
        task,
        steps.map(({ rewards }) => rewards),
      ),
      ...(agentError === undefined ? {} : { agentError }),
    };
  } catch (thrown) {
    verdict = { kind: "error", error: { phase, ...ofMachine(thrown).toJSON() } };
  } finally {
    await closed(environment, folder);
  }
  if (signal.aborted) return undefined;
  const { runId, ...spent } = spending.total();
  return {
    format: "agent33-trial/1",
    id: plan.id,
    name: plan.name,
    task: { name: task.name, source: plan.source, digest: plan.taskDigest },
    condition: plan.condition,
    attempt: agent.attempt,
    passRule: plan.passRule,
    verdict,
    ...(task.steps.length === 1 ? {} : { steps }),
    retries: folder.earlier,
    ...spent,
    startedAt,
    finishedAt: clock.now(),
    phaseMs,
    digests,
    ...(runId === undefined ? {} : { runId }),
    artefacts,
  };

  /** @param place the step's name where the task has several */
  async function oneStep(
    environment: TaskEnvironment,
    step: TaskStep,
    place: string | undefined,
  ): Promise<Omit<TrialStep, "name">> {
    const below = place === undefined ? "" : `steps/${place}/`;
    const logs = join(plan.dir, below, "agent");
    const look = await during("agentSetup", async () => {
      await mkdir(logs, { recursive: true });
      await setUpStep(environment, step, {
        logs,
        limitMs: setupLimitMs * plan.timeoutMultiplier,
        signal,
      });
      if (environment.workspace === undefined) return undefined;
      return lookAt(environment.workspace);
    });
    folder.log(`${agent.name} works${place === undefined ? "" : ` on ${place}`}`);
    const result = await during("agent", () =>
      boundedWork(
        agent,
        {
          task,
          instruction: step.instruction,
          solution: step.solution,
          environment,
          model: plan.model,
          effort: plan.effort,
          skills: plan.skills,
          repetition: plan.repetition,
          logs,
          timeoutMs:
            step.agentTimeoutMs === undefined
              ? undefined
              : step.agentTimeoutMs * plan.timeoutMultiplier,
          signal,
        },
        clock,
      ),
    );
    signal.throwIfAborted();
    await environment.endAll();
    spending.add(result);
    artefacts.push(
      ...result.artefacts.map((one) => ({ ...one, path: `${below}agent/${one.path}` })),
    );
    if (look !== undefined && environment.workspace !== undefined) {
      const to = `${below}artifacts`;
      if (await keepChanged(look, environment.workspace, join(plan.dir, to))) {
        artefacts.push({
          name: `${below}written files`,
          path: `${to}/manifest.json`,
          contentType: "application/json",
        });
      }
    }
    await writeExit(logs, result);
    folder.log(
      result.error === undefined
        ? "the agent is done"
        : `the agent was ended: ${result.error.code}: ${result.error.message}`,
    );
    const verifierLogs = join(plan.dir, below, "verifier");
    const rewards = await during("verifier", async () => {
      try {
        return await judgeStep(environment, step, {
          logs: verifierLogs,
          timeoutMultiplier: plan.timeoutMultiplier,
          variables: parts.variables,
          signal,
        });
      } finally {
        // Of a verifier that came to no verdict, too: they say why.
        artefacts.push(...(await verifierFiles(verifierLogs, `${below}verifier`)));
      }
    });
    folder.log(`judged: ${JSON.stringify(rewards)}`);
    return { rewards, ...(result.error === undefined ? {} : { agentError: result.error }) };
  }
}

/** The signal holds for as long as the environment lasts, the limit only for its start. */
async function startWithin(
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
  start: (signal: AbortSignal) => Promise<TaskEnvironment>,
): Promise<TaskEnvironment> {
  const late = new AbortController();
  const begun = new AbortController();
  const limit = clock.sleep(limitMs, begun.signal).then(
    () => {
      const error = tooLate(limitMs);
      late.abort(error);
      throw error;
    },
    () => new Promise<never>(() => undefined),
  );
  const starting = start(AbortSignal.any([signal, late.signal]));
  try {
    return await Promise.race([starting, limit]);
  } catch (error) {
    // One that comes up all the same is of no use to anybody.
    void starting.then(
      (environment) => environment.close(),
      () => undefined,
    );
    throw error;
  } finally {
    begun.abort();
  }
}

function tooLate(limitMs: number): Agent33Error {
  return new Agent33Error(
    "evaluation.environment_timeout",
    `The environment was not there within ${limitMs / 1_000} s.`,
    { hint: "Raise [environment].build_timeout_sec or --timeout-multiplier.", retryable: true },
  );
}

/**
 * Brings what a step begins with, and runs its `setup.sh` where it has one.
 * @throws Agent33Error `evaluation.step_setup_failed`
 */
async function setUpStep(
  environment: TaskEnvironment,
  { setupDir, name }: TaskStep,
  place: { readonly logs: string; readonly limitMs: number; readonly signal: AbortSignal },
): Promise<void> {
  if (setupDir === undefined) return;
  await environment.put(setupDir, environment.workdir);
  if (!existsSync(join(setupDir, "setup.sh"))) return;
  const { end, output } = await environment.run({
    command: ["bash", "setup.sh"],
    timeoutMs: place.limitMs,
    outputTo: join(place.logs, "setup.txt"),
    signal: place.signal,
  });
  if (end.kind === "exited" && end.status.code === 0) return;
  throw new Agent33Error(
    "evaluation.step_setup_failed",
    `The step "${name ?? ""}" could not be set up: ${end.kind === "exited" ? `setup.sh ended with ${end.status.code ?? end.status.signal}` : end.kind}. ${output.slice(-500).trim()}`,
    { hint: "See setup.txt among the trial's files." },
  );
}

/** What it was ended by, beside its logs. */
async function writeExit(logs: string, { error }: AttemptResult): Promise<void> {
  if (error === undefined) return;
  await writeFile(join(logs, "error.json"), `${JSON.stringify(error, null, 2)}\n`);
}

const usualVerifierFiles = [
  { name: "ctrf", file: "ctrf.json", contentType: "application/json" },
  { name: "verifier output", file: "test-stdout.txt", contentType: "text/plain" },
  { name: "reward", file: "reward.json", contentType: "application/json" },
  { name: "reward", file: "reward.txt", contentType: "text/plain" },
];

/** Regular files only: tests may leave links. */
async function verifierFiles(dir: string, below: string): Promise<readonly Artefact[]> {
  const found: Artefact[] = [];
  for (const { name, file, contentType } of usualVerifierFiles) {
    const path = join(dir, file);
    if (existsSync(path) && (await lstat(path)).isFile()) {
      found.push({ name, path: `${below}/${file}`, contentType });
    }
  }
  return found;
}

/** What cannot be closed is said in the trial's log: there is a verdict by then, or an error. */
async function closed(
  environment: TaskEnvironment | undefined,
  folder: AttemptFolder,
): Promise<void> {
  try {
    await environment?.close();
  } catch (thrown) {
    const { code, message } = toAgent33Error(thrown);
    folder.log(`the environment could not be closed: ${code}: ${message}`);
  }
}

/** A system's error is of the machine and no fault of this program. */
function ofMachine(thrown: unknown): Agent33Error {
  const system = systemCodeOf(thrown);
  if (!(thrown instanceof Error) || system === undefined || /\./.test(system)) {
    return toAgent33Error(thrown);
  }
  return new Agent33Error("evaluation.machine_failed", `${system}: ${thrown.message}`, {
    hint: "Check the space on the disk, permissions and limits of this machine.",
    retryable: true,
    cause: thrown,
  });
}
