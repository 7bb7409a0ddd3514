import { Agent33Error } from "../base/errors.ts";
import type { EnvironmentDriver, EnvironmentKind } from "../evaluation/environments/environment.ts";
import { createHostDriver } from "../evaluation/environments/host/driver.ts";
import { childEnvironment } from "../sandbox/child-environment.ts";
import type { Processes } from "../sandbox/process.ts";
import { evaluationGrant } from "./grants.ts";
import type { Host } from "./host.ts";

/** What environments of trials are made with. */
export interface EnvironmentParts {
  readonly host: Host;
  readonly processes: Processes;
  readonly dataDir: string;
}

/**
 * The kind of environment that trials get: the one that was asked for, else one with walls.
 * @throws Agent33Error `evaluation.environment_unavailable`
 */
export async function openEnvironment(
  asked: EnvironmentKind | undefined,
  parts: EnvironmentParts,
): Promise<EnvironmentDriver> {
  const { host, processes } = parts;
  if (asked === "host") {
    return createHostDriver({
      spawn: evaluationGrant.bind(processes.spawn),
      clock: host.clock,
      env: childEnvironment(host.env),
    });
  }
  throw unavailable(asked ?? "bwrap");
}

function unavailable(kind: EnvironmentKind): Agent33Error {
  return new Agent33Error(
    "evaluation.environment_unavailable",
    `The environment "${kind}" cannot be had on this machine.`,
    {
      hint: "With --environment host trials run as your own processes, without walls: only for tasks and agents that you trust.",
    },
  );
}
