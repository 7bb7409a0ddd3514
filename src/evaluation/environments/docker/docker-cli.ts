import type { Clock } from "../../../base/clock.ts";
import type { SpawnProcess } from "../../../boundary/hands.ts";
import { type CommandResult, runCommand } from "../../commands/run-command.ts";
import { dockerFailure } from "./docker-errors.ts";

/** How long docker may take for what is no work of the task's: starting, copying, removing. */
export const dockerTimeoutMs = 120_000;

export interface DockerCall {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly outputTo?: string | undefined;
  /** What the client gets besides its own variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Docker, as its command line. */
export interface DockerCli {
  /** Runs docker to its end; what comes of it is data. */
  run(args: readonly string[], call?: DockerCall): Promise<CommandResult>;
  /**
   * Runs docker to its end and gives what it says on standard output, without spaces around it.
   * @throws Agent33Error `evaluation.docker_*`; the signal's reason when it aborted
   */
  ask(args: readonly string[], call?: DockerCall): Promise<string>;
}

export interface DockerCliOptions {
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  /** This machine's variables; docker gets those that it knows. */
  readonly env: Readonly<Record<string, string>>;
}

/** What the client itself reads: where it is found, which engine it talks to, and how. */
const clientVariables = [
  "PATH",
  "HOME",
  "DOCKER_HOST",
  "DOCKER_CONTEXT",
  "DOCKER_CONFIG",
  "DOCKER_TLS",
  "DOCKER_TLS_VERIFY",
  "DOCKER_CERT_PATH",
  "DOCKER_API_VERSION",
  "DOCKER_BUILDKIT",
  "XDG_RUNTIME_DIR",
  "SSH_AUTH_SOCK",
];

export function createDockerCli({ spawn, clock, env }: DockerCliOptions): DockerCli {
  const own = Object.fromEntries(
    clientVariables.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
  const run: DockerCli["run"] = (args, call = {}) =>
    runCommand({
      command: "docker",
      args,
      cwd: "/",
      env: { ...own, ...call.env, BUILDKIT_PROGRESS: "plain" },
      timeoutMs: call.timeoutMs ?? dockerTimeoutMs,
      spawn,
      clock,
      ...(call.outputTo === undefined ? {} : { outputTo: call.outputTo }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  return {
    run,
    ask: async (args, call) => {
      const result = await run(args, call);
      if (result.end.kind === "cancelled") call?.signal?.throwIfAborted();
      const failure = dockerFailure(args, result);
      if (failure !== undefined) throw failure;
      return result.stdout.trim();
    },
  };
}

/**
 * Variables for what runs inside. A value that the client does not need itself goes through its
 * environment, where other users of this machine do not see it in the list of processes.
 */
export function passVariables(variables: Readonly<Record<string, string>>): {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  const args: string[] = [];
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    const isOfClient = clientVariables.includes(name) || name.startsWith("BUILDKIT_");
    args.push("--env", isOfClient ? `${name}=${value}` : name);
    if (!isOfClient) env[name] = value;
  }
  return { args, env };
}
