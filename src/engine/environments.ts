import { delimiter, join } from "node:path";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import { createBwrapDriver } from "../evaluation/environments/bwrap/driver.ts";
import { createDockerCli } from "../evaluation/environments/docker/docker-cli.ts";
import { createDockerDriver } from "../evaluation/environments/docker/driver.ts";
import type { EnvironmentDriver, EnvironmentKind } from "../evaluation/environments/environment.ts";
import { createHostDriver } from "../evaluation/environments/host/driver.ts";
import { childEnvironment } from "../sandbox/child-environment.ts";
import { createSandboxes } from "../sandbox/choose.ts";
import type { Processes } from "../sandbox/process.ts";
import type { SandboxProbe } from "../sandbox/sandbox.ts";
import { evaluationGrant, sandboxProbeGrant } from "./grants.ts";
import type { Host } from "./host.ts";

const probeLimitMs = 20_000;

/** What environments of trials are made with. */
export interface EnvironmentParts {
  readonly host: Host;
  readonly processes: Processes;
}

/** Where trials are to happen. */
export interface EnvironmentWish {
  /** Undefined where nobody said. */
  readonly kind: EnvironmentKind | undefined;
  /** The folder of all jobs: what trials share is kept in it, for it is as reachable as they are. */
  readonly jobsDir: string;
}

/**
 * Where trials happen: as it was asked for, else in bubblewrap. Nothing falls back to the host.
 * @throws Agent33Error `evaluation.environment_unavailable`
 */
export async function openEnvironment(
  { kind = "bwrap", jobsDir }: EnvironmentWish,
  parts: EnvironmentParts,
): Promise<EnvironmentDriver> {
  const { host, processes } = parts;
  const spawn = evaluationGrant.bind(processes.spawn);
  switch (kind) {
    case "host":
      return createHostDriver({ spawn, clock: host.clock, env: childEnvironment(host.env) });
    case "bwrap": {
      const probe = await probeBwrap(parts);
      if (!probe.available) throw unavailable(kind, probe.reason, probe.hint);
      return createBwrapDriver({
        spawn,
        clock: host.clock,
        cacheDir: join(jobsDir, ".environments"),
      });
    }
    case "docker": {
      const options = { spawn, clock: host.clock, env: givenVariables(host) };
      const looked = createDockerCli(options).ask(["info", "--format", "{{.ServerVersion}}"], {
        signal: AbortSignal.timeout(probeLimitMs),
      });
      await looked.catch((error: unknown) => {
        const { message, hint = "" } = toAgent33Error(error);
        throw unavailable(kind, message, hint);
      });
      return createDockerDriver(options);
    }
  }
}

/** All of this machine's variables: tasks name those that they want. */
export function givenVariables({ env }: Host): Readonly<Record<string, string>> {
  const given = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(given), ...childEnvironment(env) };
}

async function probeBwrap({ host, processes }: EnvironmentParts): Promise<SandboxProbe> {
  const { bubblewrap } = createSandboxes({
    spawn: processes.spawn,
    clock: host.clock,
    pathEntries: (childEnvironment(host.env)["PATH"] ?? "").split(delimiter),
    dockerSocket: "",
    image: "",
  });
  return sandboxProbeGrant.run(() => bubblewrap.probe());
}

function unavailable(kind: EnvironmentKind, reason: string, hint: string): Agent33Error {
  return new Agent33Error(
    "evaluation.environment_unavailable",
    `The environment "${kind}" cannot be had on this machine: ${reason}`,
    {
      hint: `${hint} With --environment host trials run as your own processes, without walls: only for tasks and agents that you trust.`,
    },
  );
}
