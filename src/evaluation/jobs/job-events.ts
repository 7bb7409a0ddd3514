import type { ErrorData } from "../../base/errors.ts";
import type { EnvironmentKind } from "../environments/environment.ts";
import type { Condition, InfrastructureError, Trial } from "../trials/trial.ts";

/** A task that is in none of a job's scores. */
export interface Exclusion {
  readonly task: string;
  readonly reason: string;
  /** Where the infrastructure failed: the task may be good, and cannot be tried here. */
  readonly error?: ErrorData;
}

/** What is told of a job while it goes on. */
export type JobEvent =
  | {
      readonly kind: "job.begun";
      readonly job: string;
      readonly dir: string;
      readonly environment: EnvironmentKind;
      readonly tasks: number;
      /** Of all conditions. */
      readonly trials: number;
      /** That had their result already. */
      readonly done: readonly TrialNews[];
      readonly notices: readonly string[];
    }
  | { readonly kind: "task.prepared"; readonly task: string; readonly notices: readonly string[] }
  | ({ readonly kind: "task.excluded" } & Exclusion & { readonly trials: number })
  | { readonly kind: "gate.passed"; readonly task: string; readonly known: boolean }
  | ({ readonly kind: "trial.begun" } & TrialName)
  | ({
      readonly kind: "trial.failed";
      readonly error: InfrastructureError;
      readonly waitMs: number;
    } & TrialName)
  | ({ readonly kind: "trial.ended" } & TrialNews)
  | {
      readonly kind: "job.ended";
      readonly state: "done" | "cancelled";
      readonly done: number;
      readonly left: number;
    };

/** Which trial. */
export interface TrialName {
  readonly trial: string;
  readonly task: string;
  readonly condition: Condition;
  readonly repetition: number;
}

/** How a trial ended. */
export interface TrialNews extends TrialName {
  /** Null without a verdict. */
  readonly reward: number | null;
  readonly passed: boolean | null;
  readonly agentError: ErrorData | null;
  readonly error: InfrastructureError | null;
  readonly durationMs: number | null;
  readonly costMicroUsd: number | null;
  readonly retries: number;
  readonly digest: Trial["task"]["digest"];
}
