import { Agent33Error } from "../../../base/errors.ts";
import type { CommandResult } from "../../commands/run-command.ts";

const longestQuote = 600;

/** Words of the client where no engine answers; they have been the same for years. */
const unreachable =
  /cannot connect to the docker daemon|permission denied while trying to connect|error during connect/i;
/** A client without compose stumbles over the first flag that it would have. */
const noCompose =
  /unknown command: docker compose|'compose' is not a docker command|unknown flag: --project-name/i;

/** Why a docker command did not do what it was to do; undefined where it did. */
export function dockerFailure(
  args: readonly string[],
  { end, output }: CommandResult,
): Agent33Error | undefined {
  const what = `docker ${args[0] ?? ""}`;
  switch (end.kind) {
    case "not_started":
      return new Agent33Error(
        "evaluation.docker_missing",
        `Docker's command line cannot be started: ${end.error.message}`,
        { hint: "Install docker, or choose another environment." },
      );
    case "timeout":
      return new Agent33Error("evaluation.docker_timeout", `${what} did not end in time.`, {
        hint: "See whether Docker's engine is busy; building takes [environment].build_timeout_sec.",
        retryable: true,
      });
    case "cancelled":
      return new Agent33Error("evaluation.docker_cancelled", `${what} was cancelled.`, {
        hint: "Begin it anew.",
      });
    case "exited":
      return end.status.code === 0 ? undefined : failedExit(what, output);
  }
}

function failedExit(what: string, output: string): Agent33Error {
  const said = output.trim().slice(-longestQuote);
  if (unreachable.test(output)) {
    return new Agent33Error(
      "evaluation.docker_unreachable",
      `Docker's engine does not answer: ${said}`,
      { hint: "Start it, or set DOCKER_HOST; your user must be allowed to use it." },
    );
  }
  if (noCompose.test(output)) {
    return new Agent33Error(
      "evaluation.compose_missing",
      "The task has services of its own, and docker has no compose here.",
      { hint: "Install the compose plugin of docker." },
    );
  }
  return new Agent33Error("evaluation.docker_failed", `${what} failed: ${said}`, {
    hint: "Try the command by hand; its output is the end of this message.",
    retryable: true,
  });
}

/** What docker says where the image has no such program. */
export function programMissing(said: string): Agent33Error {
  return new Agent33Error(
    "evaluation.program_missing",
    `The program cannot be started in the container: ${said}`,
    { hint: "Name a program that the task's image has." },
  );
}

/** A network that only some hosts can be reached through is nothing that docker can keep. */
export function allowlistNotKept(task: string): Agent33Error {
  return new Agent33Error(
    "evaluation.network_not_kept",
    `The task "${task}" may reach some hosts only, and docker cannot keep it to these.`,
    { hint: "Choose another environment, or a task with all of the network or none." },
  );
}

export function nothingToBuild(task: string): Agent33Error {
  return new Agent33Error(
    "evaluation.image_missing",
    `The task "${task}" has neither a Dockerfile nor an image.`,
    { hint: "Add environment/Dockerfile, or name a docker_image; or choose another environment." },
  );
}

export function buildFailed(task: string, failure: Agent33Error): Agent33Error {
  return new Agent33Error(
    "evaluation.image_build_failed",
    `The image of the task "${task}" cannot be built: ${failure.message}`,
    {
      hint: "Build environment/ by hand with docker build to see all of its output.",
      retryable: failure.retryable,
      cause: failure,
    },
  );
}

export function strangeAnswer(what: string, cause: unknown): Agent33Error {
  return new Agent33Error(
    "evaluation.docker_failed",
    `docker's answer to ${what} is no JSON that is known.`,
    {
      hint: "Use docker 20.10 or later.",
      cause,
    },
  );
}
