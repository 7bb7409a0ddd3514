import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import { Agent33Error } from "../../../base/errors.ts";
import type { SpawnProcess } from "../../../boundary/hands.ts";
import { runCommand } from "../../commands/run-command.ts";
import { isBelow } from "../../paths.ts";
import type { Task } from "../../tasks/task.ts";
import type { EnvironmentDriver, TaskEnvironment, TrialPlace } from "../environment.ts";
import { prepareHostWorkspace } from "../host-environment.ts";
import { copyOut } from "../inside.ts";
import { placeVariables, runTests } from "../test-run.ts";

export interface HostDriverOptions {
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  /** What every command gets: PATH at least. Nothing else of this machine's variables is handed on. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Trials as processes of this machine in a scratch folder: nothing holds them in, so only for tasks
 * and agents that are trusted. What a Dockerfile does beside copying files is not done, and said. The
 * task's skills are never copied, for the engine offers them itself.
 */
export function createHostDriver(options: HostDriverOptions): EnvironmentDriver {
  return {
    kind: "host",
    prepare: async (task) => {
      const notices = await tryWorkspace(task);
      return { notices, digests: {}, start: (place) => start(task, place, options) };
    },
  };
}

/** What cannot be made here is found before the first trial; the trials then make their own. */
async function tryWorkspace(task: Task): Promise<readonly string[]> {
  const scratch = await mkdtemp(join(tmpdir(), "agent33-task-"));
  try {
    return (await prepareHostWorkspace(task, scratch)).notices;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function start(
  task: Task,
  { dir, signal: trialSignal }: TrialPlace,
  { spawn, clock, env: machine }: HostDriverOptions,
): Promise<TaskEnvironment> {
  trialSignal.throwIfAborted();
  const root = resolve(dir);
  const workspace = join(root, "workspace");
  const made = await prepareHostWorkspace(task, workspace);
  const places = { app: workspace, tests: join(root, "tests"), logs: join(root, "logs") };
  const env = { ...made.env, ...placeVariables(places) };
  await mkdir(places.logs, { recursive: true });
  // Aborted where everything is to end; a new one for what comes after that.
  let ending = new AbortController();
  const running = new Set<Promise<unknown>>();
  const until = <Value>(work: (signal: AbortSignal) => Promise<Value>, signal?: AbortSignal) => {
    const given = signal === undefined ? [] : [signal];
    const done = work(AbortSignal.any([ending.signal, trialSignal, ...given]));
    running.add(done);
    const forget = () => running.delete(done);
    done.then(forget, forget);
    return done;
  };
  const endAll = async (): Promise<void> => {
    ending.abort();
    await Promise.allSettled(running);
    ending = new AbortController();
  };
  return {
    kind: "host",
    workdir: workspace,
    workspace,
    solutionDir: join(root, "solution"),
    sandbox: undefined,
    env,
    overrun: new AbortController().signal,
    run: ({ command: [command, ...args], cwd = workspace, env: more, signal, ...rest }) =>
      until(
        (ended) =>
          runCommand({
            ...rest,
            command,
            args,
            cwd,
            env: { ...machine, ...env, ...more },
            spawn,
            clock,
            signal: ended,
          }),
        signal,
      ),
    put: async (from, to) => {
      if (!isBelow(root, resolve(to))) throw outside(to, root);
      await mkdir(dirname(to), { recursive: true });
      await cp(from, to, { recursive: true, verbatimSymlinks: true });
    },
    take: (from, to) => {
      if (!isBelow(root, resolve(from))) throw outside(from, root);
      return copyOut(root, resolve(from).slice(root.length), to);
    },
    endAll,
    judge: async (request) => {
      await endAll();
      const all = { ...machine, ...env, ...request.env };
      return until(
        (signal) => runTests({ ...request, env: all, workspace, spawn, clock, signal }),
        request.signal,
      );
    },
    close: async () => {
      await endAll();
      for (const name of ["workspace", "solution", "agent33", "logs"]) {
        await rm(join(root, name), { recursive: true, force: true });
      }
    },
  };
}

function outside(path: string, root: string): Agent33Error {
  return new Agent33Error(
    "evaluation.place_refused",
    `"${path}" lies outside of the trial's folder "${root}".`,
    { hint: "On the host, copy to and from the trial's own folders only." },
  );
}
