import {
  type CtrfAttachment,
  ctrfReport,
  type CtrfStatus,
  type CtrfStep,
  type CtrfTest,
} from "../../base/ctrf.ts";
import { type JsonObject, toJsonValue } from "../../base/json.ts";
import { packageVersion } from "../../base/version.ts";
import type { SuiteResult } from "../statistics/suite.ts";
import { durationOf, type TaskResult } from "../statistics/task-result.ts";
import { passedOf, rewardOf, type Trial } from "../trials/trial.ts";
import type { EvaluationReport } from "./report.ts";

/**
 * An evaluation in the Common Test Report Format: one test for each task and condition, its trials as
 * steps, its files as attachments. More than half of the trials with a verdict must have passed.
 *
 * What is not expected to pass counts as `other`, never as a failure: the control arm, and trials in
 * which nobody works. So does a task without any verdict. Retries are those that the infrastructure
 * made within a trial; a second trial is none.
 */
export function evaluationCtrf(report: EvaluationReport): JsonObject {
  const tests = report.suites.flatMap((suite) => {
    const isControl = suite === report.control || suite.attempt === "nop";
    return suite.tasks.map((task) => testOf(report, suite, task, isControl));
  });
  const starts = tests.flatMap(({ start }) => start ?? []);
  const stops = tests.flatMap(({ stop }) => stop ?? []);
  return ctrfReport({
    tool: { name: "agent33 eval", version: packageVersion() },
    tests,
    start: least(starts),
    stop: Math.max(least(starts), ...stops),
    extra: toJsonValue({
      "agent33.eval": {
        suites: report.suites.map(({ tasks: _tasks, ...suite }) => suite),
        notices: report.notices,
      },
    }) as JsonObject,
  });
}

const least = (values: readonly number[]): number =>
  values.length === 0 ? 0 : Math.min(...values);

function testOf(
  { trials, places }: EvaluationReport,
  suite: SuiteResult,
  task: TaskResult,
  isControl: boolean,
): CtrfTest {
  const own = (trials.get(suite) ?? []).filter((trial) => trial.task.name === task.task);
  const starts = own.flatMap(({ startedAt }) => startedAt ?? []);
  const stops = own.flatMap(({ finishedAt }) => finishedAt ?? []);
  const { agent, model, effort, skills } = suite.condition;
  const retried = own.flatMap(({ retries }) => retries.map(({ message }) => ({ message })));
  const { rate, wilson, clopperPearson, errors, rewards, digest, costMicroUsd } = task;
  return {
    name: task.task,
    status: isControl ? "other" : statusOf(task),
    ...(isControl ? { rawStatus: `control: ${statusOf(task)}` } : {}),
    durationMs: own.reduce((sum, trial) => sum + (durationOf(trial) ?? 0), 0),
    ...(starts.length === 0 ? {} : { start: Math.min(...starts) }),
    ...(stops.length === 0 ? {} : { stop: Math.max(...stops) }),
    suite: [...(task.source === null ? [] : [task.source]), suite.name],
    type: "evaluation",
    message: messageOf(task),
    tags: [
      suite.attempt,
      ...(task.flaky ? ["flaky trials"] : []),
      ...(isControl ? ["control"] : []),
    ],
    labels: { task: task.task, condition: suite.name, trials: task.trials, passes: task.passes },
    parameters: {
      agent,
      model,
      ...(effort === undefined ? {} : { effort }),
      ...(skills === undefined ? {} : { skills }),
    },
    ...(retried.length === 0 ? {} : { retried }),
    steps: own.map(stepOf),
    attachments: own.flatMap((trial) => attachmentsOf(trial, places.get(trial.id))),
    extra: toJsonValue({
      "agent33.eval": {
        n: task.trials,
        c: task.passes,
        errors,
        rate,
        wilson,
        clopperPearson,
        rewards,
        digest,
        costMicroUsd,
      },
    }) as JsonObject,
  };
}

/** By most of its trials; a tie is no pass. */
export function statusOf({ trials, passes }: TaskResult): CtrfStatus {
  if (trials === 0) return "other";
  return passes * 2 > trials ? "passed" : "failed";
}

function messageOf({ trials, passes, errors }: TaskResult): string {
  const judged = `${passes} of ${trials} trials passed`;
  return errors === 0 ? judged : `${judged}; ${errors} ended without a verdict`;
}

function stepOf(trial: Trial): CtrfStep {
  const passed = passedOf(trial);
  const { verdict, runId, retries } = trial;
  return {
    name: trial.name,
    status: passed === undefined ? "other" : passed ? "passed" : "failed",
    extra: toJsonValue({
      "agent33.trial": {
        id: trial.id,
        reward: rewardOf(trial) ?? null,
        durationMs: durationOf(trial),
        costMicroUsd: trial.costMicroUsd,
        retries: retries.length,
        ...(verdict.kind === "error" ? { error: verdict.error } : {}),
        ...(runId === undefined ? {} : { runId }),
      },
    }) as JsonObject,
  };
}

function attachmentsOf(trial: Trial, place: string | undefined): readonly CtrfAttachment[] {
  return trial.artefacts.map(({ name, path, contentType }) => ({
    name: `${trial.name}: ${name}`,
    contentType,
    path: place === undefined || place === "" ? path : `${place}/${path}`,
  }));
}
