import type { ErrorData } from "../../base/errors.ts";
import type { Effort } from "../../base/effect.ts";
import type { TaskEnvironment } from "../environments/environment.ts";
import type { Task, TaskSolution } from "../tasks/task.ts";
import type { Artefact, Trial } from "../trials/trial.ts";

/** How an agent comes by skills: none, those of its task, those matched with it, or the whole library. */
export const skillArms = ["none", "own", "matched", "library"] as const;
export type SkillArm = (typeof skillArms)[number];

/** What one attempt is told. */
export interface AttemptRequest {
  readonly task: Task;
  /** What the agent is told: the task's instruction, or that of one of its steps. */
  readonly instruction: string;
  /** The folder of the solution to this step, for whoever knows it. */
  readonly solution: TaskSolution | undefined;
  readonly environment: TaskEnvironment;
  readonly model: string | undefined;
  readonly effort: Effort | undefined;
  readonly skills: SkillArm;
  /** From 1: which repetition of its condition this is. */
  readonly repetition: number;
  /** A folder of the trial's own, for logs and trajectories; what is in it becomes artefacts. */
  readonly logs: string;
  /** Undefined where nothing limits it. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

/** What came of an attempt; whether it was good is the verifier's to say. */
export interface AttemptResult {
  /** What ended the agent early. What it left is judged all the same. */
  readonly error?: ErrorData;
  readonly costMicroUsd: number | null;
  readonly tokens: Trial["tokens"];
  /** The run whose log has the rest. */
  readonly runId?: string;
  /** Paths are relative to the folder of logs. */
  readonly artefacts: readonly Artefact[];
}

/** Who works on a task. */
export interface TrialAgent {
  readonly name: string;
  readonly version: string | undefined;
  /** What the results hang on, by name: the agent's definition, its settings. */
  readonly digests: Readonly<Record<string, string>>;
  readonly attempt: Trial["attempt"];
  /**
   * Works on a task until it is done, fails or is ended.
   * @throws Agent33Error what is no fault of the agent: an infrastructure error
   */
  work(request: AttemptRequest): Promise<AttemptResult>;
}
