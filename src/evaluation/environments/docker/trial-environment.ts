import { chmod, cp, lstat, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import type { CommandResult } from "../../commands/run-command.ts";
import type { EnvironmentCommand, JudgeRequest, TaskEnvironment } from "../environment.ts";
import { copyOut } from "../inside.ts";
import { removeVerdicts } from "../reward.ts";
import { placeVariables } from "../test-run.ts";
import { runInside } from "./commands-inside.ts";
import { type ContainerLimits, inspectContainer, startContainer } from "./container.ts";
import type { DockerCli } from "./docker-cli.ts";
import { dockerFailure } from "./docker-errors.ts";
import { createExecSandbox } from "./exec-sandbox.ts";
import { watchStorage } from "./storage-watch.ts";

export interface TrialContainer extends ContainerLimits {
  readonly id: string;
  /** What is made beside it is called this and more. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly workdir: string;
  /** From the image and the task. */
  readonly env: Readonly<Record<string, string>>;
  readonly solutionDir: string;
  readonly storageMb: number | undefined;
  /** A folder of the trial. */
  readonly dir: string;
  readonly cli: DockerCli;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Removes the container and what came with it. */
  readonly remove: () => Promise<void>;
}

/** What a verifier finds there is its own, or nothing: whatever the agent left in these places. */
const judgesOwn = ["/tests", "/verifier", "/solution", "/oracle", "/logs"];
const verdictPlace = "/logs/verifier";

/** A trial in a container that runs already. */
export function trialEnvironment(trial: TrialContainer): TaskEnvironment {
  const { id, cli, clock, workdir, signal: trialSignal } = trial;
  const overrun = new AbortController();
  const closed = new AbortController();
  let ending = new AbortController();
  let isDown = false;
  let commands = 0;
  const kill = async (): Promise<void> => {
    ending.abort();
    const result = await cli.run(["kill", id]);
    const failure = dockerFailure(["kill"], result);
    // It may have ended by itself.
    if (failure !== undefined && !/is not running/i.test(result.output)) throw failure;
    isDown = true;
    ending = new AbortController();
  };
  const raise = async (): Promise<void> => {
    if (!isDown) return;
    await cli.ask(["start", id], { signal: trialSignal });
    isDown = false;
  };
  const exec = async (
    command: Omit<EnvironmentCommand, "command"> & {
      readonly command: readonly string[];
      readonly user?: string;
    },
  ): Promise<CommandResult> => {
    await raise();
    commands += 1;
    const signals = [trialSignal, ending.signal, ...(command.signal ? [command.signal] : [])];
    const signal = AbortSignal.any(signals);
    return runInside(id, { cwd: workdir, ...command, signal }, `${trial.name}-${commands}`, cli);
  };
  const asRoot = (...command: readonly string[]) => {
    const wait = 60_000;
    return exec({ command, cwd: "/", user: "0", timeoutMs: wait });
  };
  const watching =
    trial.storageMb === undefined
      ? Promise.resolve()
      : watchStorage({
          id,
          limitMb: trial.storageMb,
          cli,
          clock,
          signal: closed.signal,
          onExceeded: (error) => {
            overrun.abort(error);
            return kill();
          },
        });
  // What goes wrong there is told when the environment is closed.
  watching.catch(() => undefined);
  const judge = (request: JudgeRequest) => kill().then(() => judgeApart(trial, request));
  const env = {
    ...trial.env,
    ...placeVariables({ app: workdir, tests: "/tests", logs: verdictPlace }),
  };
  return {
    kind: "docker",
    workdir,
    workspace: undefined,
    solutionDir: trial.solutionDir,
    sandbox: createExecSandbox(exec, cli),
    env,
    overrun: overrun.signal,
    run: exec,
    put: async (from, to) => {
      const isFolder = (await lstat(from)).isDirectory();
      await asRoot("mkdir", "-p", isFolder ? to : posix.dirname(to));
      await cli.ask(["cp", isFolder ? `${from}/.` : from, `${id}:${to}`], { signal: trialSignal });
    },
    take: async (from, to) => {
      const scratch = await mkdtemp(join(trial.dir, "take-"));
      try {
        const place = join(scratch, posix.dirname(posix.resolve("/", from)));
        await mkdir(place, { recursive: true });
        const args = ["cp", `${id}:${from}`, join(place, posix.basename(from))];
        const result = await cli.run(args, { signal: trialSignal });
        const failure = dockerFailure(args, result);
        if (failure !== undefined) {
          if (/could not find the file|no such container:path/i.test(result.output)) return false;
          throw failure;
        }
        return await copyOut(scratch, posix.resolve("/", from), to);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
    endAll: kill,
    judge,
    close: async () => {
      if (closed.signal.aborted) return;
      closed.abort();
      ending.abort();
      await watching;
      await trial.remove();
    },
  };
}

/**
 * Runs the tests in a container of their own, made of what the agent left: with its networks and its
 * volumes, but with other folders in the places of tests, solution and logs.
 */
async function judgeApart(trial: TrialContainer, request: JudgeRequest): Promise<CommandResult> {
  const { id, cli, workdir } = trial;
  const { tests, logs, testsAt = "/tests", timeoutMs, signal, env: given } = request;
  const folder = await mkdtemp(join(trial.dir, "judge-"));
  const own = join(folder, "tests");
  const image = await cli.ask(["commit", id], { signal });
  const name = `${trial.name}-judge`;
  try {
    await cp(tests, own, { recursive: true, verbatimSymlinks: true });
    await mkdir(logs, { recursive: true });
    await removeVerdicts(logs);
    // The image's user may be anybody.
    for (const path of [folder, own, logs]) await chmod(path, 0o777);
    const { networks, volumes } = await inspectContainer(id, cli);
    const judge = await startContainer(
      {
        ...trial,
        name,
        image,
        env: {},
        networks,
        binds: [
          { from: own, to: testsAt },
          { from: logs, to: verdictPlace },
        ],
        volumes: volumes.filter(({ to }) => !judgesOwn.some((place) => isAtOrBelow(place, to))),
        emptied: judgesOwn.filter((place) => place !== testsAt),
      },
      cli,
      signal,
    );
    const places = placeVariables({ app: workdir, tests: testsAt, logs: verdictPlace });
    // Bash, as task authors expect; where there is none, sh, which runs most scripts.
    const script = `if command -v bash >/dev/null; then exec bash "$0"; else exec sh "$0"; fi`;
    return await runInside(
      judge,
      {
        command: ["sh", "-c", script, `${testsAt}/test.sh`],
        cwd: workdir,
        env: { ...given, ...places },
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      },
      name,
      cli,
    );
  } finally {
    // What is not removed now has the label by which it is found later.
    await cli.run(["rm", "--force", "--volumes", name]);
    await cli.run(["rmi", "--force", image]);
    await rm(folder, { recursive: true, force: true });
  }
}

function isAtOrBelow(place: string, path: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
