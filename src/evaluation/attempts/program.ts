import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { longestTimerMs } from "../../base/clock.ts";
import { Agent33Error, isAgent33Error, unreachable } from "../../base/errors.ts";
import type { CommandEnd } from "../commands/run-command.ts";
import type { Artefact } from "../trials/trial.ts";
import type { AttemptRequest, AttemptResult } from "./attempt.ts";

/** A program that works on a task. */
export interface AttemptProgram {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** The name of the file in the logs that gets its output. */
  readonly outputName: string;
  /** Whether another exit code than 0 is held against it. */
  readonly exitCodeCounts: boolean;
}

/**
 * Runs a program inside until it ends, runs out of time or uses more than it may. Its output and how
 * it ended are kept in the logs.
 * @throws Agent33Error `evaluation.agent_not_started`, `evaluation.trial_cancelled`
 */
export async function runProgram(
  program: AttemptProgram,
  request: AttemptRequest,
): Promise<AttemptResult> {
  const { environment, logs, timeoutMs, signal, repetition } = request;
  const { end } = await environment.run({
    command: program.command,
    env: {
      // Bash takes the pipes that it gets here for a network connection and would read ~/.bashrc.
      SHLVL: "1",
      AGENT33_APP_DIR: environment.workdir,
      AGENT33_REPETITION: String(repetition),
      ...program.env,
    },
    timeoutMs: timeoutMs ?? longestTimerMs,
    outputTo: join(logs, program.outputName),
    signal: AbortSignal.any([signal, environment.overrun]),
  });
  await writeFile(join(logs, endName), `${endText(end)}\n`);
  const error = errorOf(end, program, request);
  return {
    ...(error === undefined ? {} : { error: error.toJSON() }),
    costMicroUsd: null,
    tokens: null,
    artefacts: [textFile(program.outputName), textFile(endName)],
  };
}

const endName = "exit-code.txt";

/** A text among the artefacts of an attempt. */
export function textFile(path: string): Artefact {
  return { name: path, path, contentType: "text/plain" };
}

function endText(end: CommandEnd): string {
  if (end.kind !== "exited") return end.kind;
  return String(end.status.code ?? end.status.signal);
}

function errorOf(
  end: CommandEnd,
  { command: [name], exitCodeCounts }: AttemptProgram,
  { timeoutMs, signal, environment }: AttemptRequest,
): Agent33Error | undefined {
  switch (end.kind) {
    case "exited":
      if (end.status.code === 0 || !exitCodeCounts) return undefined;
      return new Agent33Error("evaluation.agent_failed", `${name} ended with ${endText(end)}.`, {
        hint: "See its output among the trial's files.",
      });
    case "timeout":
      return outOfTime(timeoutMs ?? longestTimerMs);
    case "cancelled":
      if (signal.aborted) throw cancelled(signal.reason);
      return overrunOf(environment.overrun);
    case "not_started":
      throw new Agent33Error(
        "evaluation.agent_not_started",
        `${name} could not be started in the environment: ${end.error.message}`,
        { hint: "Name a program that the task's environment has, or another environment." },
      );
    default:
      return unreachable(end);
  }
}

/** An agent was not done when its time was over. */
export function outOfTime(timeoutMs: number): Agent33Error {
  return new Agent33Error(
    "evaluation.agent_timeout",
    `The agent was not done within ${timeoutMs / 1_000} s.`,
    { hint: "What it had left is judged. The task's [agent].timeout_sec says how long it has." },
  );
}

/** Whoever wanted the trial wants it no more: there is no verdict. */
export function cancelled(reason: unknown): Agent33Error {
  return new Agent33Error(
    "evaluation.trial_cancelled",
    "The trial was cancelled while its agent worked.",
    { hint: "`agent33 eval resume` begins it anew.", cause: reason },
  );
}

/** What a trial used too much of. */
export function overrunOf({ reason }: AbortSignal): Agent33Error {
  if (isAgent33Error(reason)) return reason;
  return new Agent33Error(
    "evaluation.overrun",
    "The trial used more of the machine than it may, and its agent was ended.",
    { hint: "The task's [environment] says how much it has.", cause: reason },
  );
}
