import { join, resolve } from "node:path";
import { sha256 } from "../../../base/digest.ts";
import { taskVariables } from "../../tasks/task-variables.ts";
import type { Task } from "../../tasks/task.ts";
import type {
  EnvironmentDriver,
  PreparedTask,
  TaskEnvironment,
  TrialPlace,
} from "../environment.ts";
import { runInside } from "./commands-inside.ts";
import { startServices } from "./compose.ts";
import { type ContainerPlan, startContainer } from "./container.ts";
import { createDockerCli, type DockerCli, type DockerCliOptions } from "./docker-cli.ts";
import { allowlistNotKept, dockerFailure } from "./docker-errors.ts";
import { buildImages, type TaskImages } from "./images.ts";
import { removeLeftovers, trialLabel } from "./leftovers.ts";
import { trialEnvironment } from "./trial-environment.ts";

/** Trials in containers of Docker, by its command line. */
export function createDockerDriver(options: DockerCliOptions): EnvironmentDriver {
  const cli = createDockerCli(options);
  const prepared = new Map<string, Promise<PreparedTask>>();
  let ready: Promise<number> | undefined;
  // A failure is not kept: the next trial may find the engine running.
  const readyOnce = (signal: AbortSignal) => {
    ready ??= processorsOf(cli, signal).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    return ready;
  };
  return {
    kind: "docker",
    prepare: (task, signal) => {
      const known = prepared.get(task.dir);
      if (known !== undefined) return known;
      const begun = readyOnce(signal)
        .then((processors) => prepare(task, processors, cli, options, signal))
        .catch((error: unknown) => {
          prepared.delete(task.dir);
          throw error;
        });
      prepared.set(task.dir, begun);
      return begun;
    },
  };
}

/** How many processors the engine has; and with that, whether there is one. */
async function processorsOf(cli: DockerCli, signal: AbortSignal): Promise<number> {
  return Number(await cli.ask(["info", "--format", "{{.NCPU}}"], { signal }));
}

async function prepare(
  task: Task,
  processors: number,
  cli: DockerCli,
  options: DockerCliOptions,
  signal: AbortSignal,
): Promise<PreparedTask> {
  const { network, cpus, env } = task.environment;
  if (network === "allowlist") throw allowlistNotKept(task.name);
  const images = await buildImages(task, cli, signal);
  const { values, missing } = taskVariables(env, options.env);
  const notices = [
    ...images.notices,
    ...missing.map(({ name, needs }) => `${name} lacks ${needs.join(", ")}`),
  ];
  const isTooMany = cpus !== undefined && cpus > processors;
  if (isTooMany) notices.push(`the task wants ${cpus} processors, and there are ${processors}`);
  const limits = {
    cpus: isTooMany ? processors : cpus,
    memoryMb: task.environment.memoryMb,
  };
  return {
    notices,
    digests: { image: images.withSkills.id, imageWithoutSkills: images.withoutSkills.id },
    start: (place) => start({ task, images, limits, variables: values, cli, options }, place),
  };
}

interface Start {
  readonly task: Task;
  readonly images: TaskImages;
  readonly limits: Pick<ContainerPlan, "cpus" | "memoryMb">;
  /** Of the task, with what they take from this machine's. */
  readonly variables: Readonly<Record<string, string>>;
  readonly cli: DockerCli;
  readonly options: DockerCliOptions;
}

async function start(
  { task, images, limits, variables, cli, options }: Start,
  { dir, withSkills, signal }: TrialPlace,
): Promise<TaskEnvironment> {
  const image = withSkills ? images.withSkills : images.withoutSkills;
  // A trial that is begun anew has the same folder.
  const name = `agent33-${sha256(resolve(dir)).slice(0, 16)}`;
  const labels = { [trialLabel]: name };
  const { workdir } = image;
  const { composeFile, network, storageMb, buildTimeoutMs } = task.environment;
  const hasNetwork = network === "public";
  await removeLeftovers(name, cli, signal);
  const { id, remove } =
    composeFile === undefined
      ? await oneContainer(
          {
            ...limits,
            name,
            image: image.id,
            labels,
            workdir,
            env: variables,
            networks: hasNetwork ? [] : ["none"],
            binds: [],
            volumes: [],
            emptied: [],
          },
          cli,
          signal,
        )
      : await services(
          {
            ...limits,
            name,
            image: image.name,
            labels,
            env: variables,
            hasNetwork,
            composeFile,
            contextDir: task.environment.dir,
            dir,
            configDir: configDir(options.env),
            timeoutMs: buildTimeoutMs,
          },
          cli,
          signal,
        );
  try {
    await makePlaces(id, name, cli, signal);
  } catch (error) {
    await remove();
    throw error;
  }
  return trialEnvironment({
    ...limits,
    id,
    name,
    labels,
    workdir,
    env: { ...image.env, ...variables },
    solutionDir: task.steps[0].solution?.at ?? "/solution",
    storageMb,
    dir,
    cli,
    clock: options.clock,
    signal,
    remove,
  });
}

async function oneContainer(plan: ContainerPlan, cli: DockerCli, signal: AbortSignal) {
  const id = await startContainer(plan, cli, signal);
  const remove = async () => {
    await cli.ask(["rm", "--force", "--volumes", id]);
  };
  return { id, remove };
}

async function services(
  project: Parameters<typeof startServices>[0],
  cli: DockerCli,
  signal: AbortSignal,
) {
  const { main, down } = await startServices(project, cli, signal);
  return { id: main, remove: down };
}

/** Solutions and agents write their logs there, whoever they are. */
async function makePlaces(id: string, name: string, cli: DockerCli, signal: AbortSignal) {
  const places = ["/logs/agent", "/logs/verifier", "/logs/artifacts"];
  const make = `mkdir -p "$@" && chmod 777 "$@"`;
  const command = ["sh", "-c", make, "sh", ...places];
  const result = await runInside(id, { command, user: "0", timeoutMs: 60_000, signal }, name, cli);
  signal.throwIfAborted();
  const failure = dockerFailure(["exec"], result);
  if (failure !== undefined) throw failure;
}

/** Where the client has its settings and plugins, which a compose file's HOME must not move. */
function configDir(env: Readonly<Record<string, string>>): string | undefined {
  const { DOCKER_CONFIG: named, HOME: home } = env;
  return named ?? (home === undefined ? undefined : join(home, ".docker"));
}
