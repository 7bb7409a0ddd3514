import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { isAgent33Error, systemCodeOf } from "../../../base/errors.ts";
import { createProcesses } from "../../../sandbox/process.ts";
import { loadTask } from "../../tasks/load-task.ts";
import { type TaskFiles, writeTomlTask } from "../../tasks/task.fixture.ts";
import type { Task } from "../../tasks/task.ts";
import type {
  EnvironmentDriver,
  PreparedTask,
  TaskEnvironment,
  TrialPlace,
} from "../environment.ts";
import { createDockerDriver } from "./driver.ts";

/**
 * A program called docker that writes down what it is asked and answers as the real one does, as far
 * as its command line reference says. A test changes one command's answer with a line of shell.
 */
export interface FakeDocker {
  /** For the client: a PATH with the program first. */
  readonly env: Readonly<Record<string, string>>;
  /** What it was asked, in order, each with its arguments. */
  asked(): Promise<readonly (readonly string[])[]>;
  /** What it was asked that begins with these words. */
  askedFor(...words: readonly string[]): Promise<readonly (readonly string[])[]>;
  /** Variables that it had, all of its calls together, as `NAME=VALUE`. */
  variables(): Promise<readonly string[]>;
  /** Shell for one command: its arguments are "$@". Without an exit, the usual answer follows. */
  on(command: string, shell: string): Promise<void>;
}

const program = `#!/bin/sh
here=$(dirname "$0")
printf '%s\\036' "$(printf '%s\\037' "$@")" >> "$here/asked"
env >> "$here/variables"
[ -f "$here/on-$1" ] && . "$here/on-$1"
case "$1 $2" in
  "info --format") echo 2 ;;
  "version --format") echo 28.2.2 ;;
  "image inspect")
    if [ -f "$here/$(echo "image-$5" | tr '/:' '__')" ]; then
      printf '%s\\n' '{"Id":"sha256:5eed","Config":{"Env":["PATH=/usr/bin","LANG=C"],"WorkingDir":"/app"}}'
    else
      echo "Error response from daemon: No such image: x" >&2; exit 1
    fi ;;
  "build "*|"pull "*) touch "$here/$(echo "image-$3" | tr '/:' '__')"; echo '#1 building' >&2 ;;
  "run "*) echo c0ffee ;;
  "commit "*) echo sha256:1eft ;;
  "compose --project-name"*) case "$*" in *" ps --quiet main") echo ma1n ;; esac ;;
  "container inspect")
    case "$*" in
      *SizeRw*) echo 1048576 ;;
      *) printf '%s\\n' '{"Running":true,"Networks":{"bridge":{}},"Mounts":[{"Type":"volume","Name":"data","Destination":"/data"},{"Type":"volume","Name":"planted","Destination":"/logs/verifier"},{"Type":"bind","Destination":"/x"}]}' ;;
    esac ;;
esac
`;

/** @param dir an empty folder for the program and its notes */
export async function fakeDocker(dir: string): Promise<FakeDocker> {
  const bin = join(dir, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "docker"), program);
  await chmod(join(bin, "docker"), 0o755);
  const asked = async (): Promise<readonly (readonly string[])[]> => {
    const text = await readFile(join(bin, "asked"), "utf8").catch(() => "");
    const calls = text.split("\x1e").slice(0, -1);
    return calls.map((call) => call.split("\x1f").slice(0, -1));
  };
  return {
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: join(dir, "home") },
    asked,
    askedFor: async (...words) =>
      (await asked()).filter((call) => words.every((word, index) => call[index] === word)),
    variables: async () => (await readFile(join(bin, "variables"), "utf8")).split("\n"),
    on: (command, shell) => writeFile(join(bin, `on-${command}`), `${shell}\n`),
  };
}

const processes = createProcesses();
const { signal } = new AbortController();

/** Trials in containers of a Docker that only seems to be there. */
export interface DockerWorld {
  readonly root: string;
  readonly docker: FakeDocker;
  readonly driver: EnvironmentDriver;
  load(toml?: string, files?: TaskFiles): Promise<Task>;
  prepared(toml?: string, files?: TaskFiles): Promise<PreparedTask>;
  place(): Promise<TrialPlace>;
  started(toml?: string, files?: TaskFiles): Promise<TaskEnvironment>;
  /** @throws where a process was left behind */
  end(): Promise<void>;
}

export async function dockerWorld(clock: Clock = systemClock): Promise<DockerWorld> {
  const root = await mkdtemp(join(tmpdir(), "agent33-docker-"));
  const docker = await fakeDocker(root);
  const env = { ...docker.env, GIVEN: "a secret" };
  const driver = createDockerDriver({ spawn: processes.spawn, clock, env });
  const load = async (toml = "", files: TaskFiles = {}) =>
    loadTask(await writeTomlTask(join(root, "task"), { "task.toml": toml, ...files }));
  const prepared = async (toml?: string, files?: TaskFiles) =>
    driver.prepare(await load(toml, files), signal);
  const place = async () => {
    const dir = join(root, "trial");
    await mkdir(dir, { recursive: true });
    return { dir, withSkills: true, signal };
  };
  return {
    root,
    docker,
    driver,
    load,
    prepared,
    place,
    started: async (toml, files) => (await prepared(toml, files)).start(await place()),
    end: async () => {
      const left = processes.live();
      await rm(root, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`${left.length} processes are left`);
    },
  };
}

/** The code that something is refused with, or "none". */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    return isAgent33Error(error) ? error.code : (systemCodeOf(error) ?? String(error));
  }
}
