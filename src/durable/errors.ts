import { Agent33Error } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { failureFrom } from "./failure.ts";

/** `durable.unknown_run` */
export function unknownRun(runId: string): Agent33Error {
  return new Agent33Error("durable.unknown_run", `There is no durable run "${runId}".`, {
    hint: "List the runs with `agent33 runs list`.",
    details: { runId },
  });
}

/** `durable.run_active`: somebody else is driving the run. */
export function runActive(runId: string, owner: string, leftMs: number): Agent33Error {
  const seconds = Math.max(1, Math.ceil(leftMs / 1000));
  return new Agent33Error(
    "durable.run_active",
    `Run ${runId} is being driven by process ${owner}.`,
    {
      hint: `Follow it or cancel it there. If that process is gone, its hold ends within ${seconds} s: try again then.`,
      retryable: true,
      details: { runId, owner, leaseLeftMs: leftMs },
    },
  );
}

/** `durable.version_mismatch` or `durable.unknown_workflow`: this process cannot drive the run. */
export function noSuchWorkflow(
  runId: string,
  workflow: string,
  version: number,
  known: readonly number[],
): Agent33Error {
  const details = { runId, workflow, version, known };
  if (known.length === 0) {
    return new Agent33Error(
      "durable.unknown_workflow",
      `Run ${runId} belongs to the workflow "${workflow}", which this process does not have.`,
      { hint: "Resume it with the program that started it.", details },
    );
  }
  return new Agent33Error(
    "durable.version_mismatch",
    `Run ${runId} was started on version ${version} of "${workflow}"; here is version ${known.join(", ")}.`,
    { hint: "Resume it with the AGENT-33 that started it, or start it anew.", details },
  );
}

/** `durable.nondeterministic`: the workflow did not do what its journal says it did. */
export function nondeterministic(runId: string, position: number, why: string): Agent33Error {
  return new Agent33Error(
    "durable.nondeterministic",
    `Run ${runId} took another way than before at step ${position}: ${why}.`,
    {
      hint: "The workflow's code changed without a new version, or it read the time, chance or outside data itself. Nothing was changed: resume with the old code.",
      details: { runId, position },
    },
  );
}

/**
 * `durable.too_many_attempts`: the run took down or failed every process that tried it.
 * @param last how the last one ended, as its row has it; null where it ended with its process
 */
export function tooManyAttempts(runId: string, attempts: number, last: JsonValue): Agent33Error {
  const why = last === null ? "The last ended with its process." : lastWords(last);
  return new Agent33Error(
    "durable.too_many_attempts",
    `Run ${runId} was given up after ${attempts} executions that ended without a new step. ${why}`,
    {
      hint: "Mend what each of them met and start the run anew; what its workers said is in their output.",
      details: { runId, attempts, last },
    },
  );
}

function lastWords(last: JsonValue): string {
  const { code, message } = failureFrom(last);
  return `The last: ${code}: ${message}`;
}

/** Why a run's signal aborted: `durable.cancelled`, `durable.lease_lost`, `durable.released`. */
export function stopped(runId: string, why: "cancelled" | "lease_lost" | "released"): Agent33Error {
  const what = {
    cancelled: "was cancelled",
    lease_lost: "was taken over by another process",
    released: "was let go by this process",
  };
  return new Agent33Error(`durable.${why}`, `Run ${runId} ${what[why]}.`, { details: { runId } });
}

/** `durable.outcome_unhandled`: an activity that may run once cannot say what happened. */
export function outcomeUnhandled(activity: string): Agent33Error {
  return new Agent33Error(
    "durable.outcome_unhandled",
    `The activity ${activity} may run once, was cut off by a crash, and has no answer to that.`,
    { hint: "Give the activity an outcomeUnknown." },
  );
}
