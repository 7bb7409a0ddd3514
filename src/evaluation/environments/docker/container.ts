import { z } from "zod";
import { type DockerCli, passVariables } from "./docker-cli.ts";
import { readJson } from "./images.ts";

/** What a container is held to. */
export interface ContainerLimits {
  readonly cpus: number | undefined;
  readonly memoryMb: number | undefined;
}

/** More processes and threads than honest work has, and few enough for the machine. */
export const mostProcesses = 4_096;

/** A process for a container to be there for: whoever wants something done has it done beside it. */
export const idle = ["sh", "-c", "while :; do sleep 3600; done"] as const;

export interface ContainerPlan extends ContainerLimits {
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names of docker's networks; `none` for none at all. */
  readonly networks: readonly string[];
  readonly binds: readonly { readonly from: string; readonly to: string }[];
  /** Volumes of docker, by name. */
  readonly volumes: readonly { readonly from: string; readonly to: string }[];
  /** Folders that are empty whatever the image has there. */
  readonly emptied: readonly string[];
}

/**
 * Starts a container that stays until it is removed. The image's entry point is kept, because it may
 * start what the task is about.
 * @returns its id
 * @throws Agent33Error `evaluation.docker_*`
 */
export async function startContainer(
  plan: ContainerPlan,
  cli: DockerCli,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { args, env } = passVariables(plan.env);
  return cli.ask(["run", ...runFlags(plan), ...args, plan.image, ...idle], { env, signal });
}

/** Flags of `docker run`, but for the variables. */
function runFlags(plan: ContainerPlan): readonly string[] {
  const { cpus, memoryMb } = plan;
  const memory = `${Math.ceil(memoryMb ?? 0)}m`;
  return [
    "--detach",
    "--init",
    `--name=${plan.name}`,
    ...Object.entries(plan.labels).map(([name, value]) => `--label=${name}=${value}`),
    `--workdir=${plan.workdir}`,
    ...plan.networks.map((network) => `--network=${network}`),
    ...(cpus === undefined ? [] : [`--cpus=${cpus}`]),
    // Without a limit for both of them together, as much again could be swapped out.
    ...(memoryMb === undefined ? [] : [`--memory=${memory}`, `--memory-swap=${memory}`]),
    `--pids-limit=${mostProcesses}`,
    "--ulimit=core=0",
    "--log-driver=none",
    ...plan.emptied.map((path) => `--tmpfs=${path}`),
    ...plan.binds.map(({ from, to }) => `--mount=${mount("bind", from, to)}`),
    ...plan.volumes.map(({ from, to }) => `--mount=${mount("volume", from, to)}`),
  ];
}

/** The value is read as a line of CSV, so that a path may hold commas. */
function mount(type: "bind" | "volume", from: string, to: string): string {
  const field = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [`type=${type}`, `source=${from}`, `target=${to}`].map(field).join(",");
}

const containerSchema = z.object({
  Running: z.boolean(),
  Networks: z.record(z.string(), z.unknown()).nullish(),
  Mounts: z
    .array(z.object({ Type: z.string(), Name: z.string().optional(), Destination: z.string() }))
    .nullish(),
});

export interface ContainerState {
  readonly running: boolean;
  readonly networks: readonly string[];
  /** Volumes of docker that it has, by name; what is in them is not part of its file system. */
  readonly volumes: readonly { readonly from: string; readonly to: string }[];
}

/** @throws Agent33Error `evaluation.docker_*` */
export async function inspectContainer(id: string, cli: DockerCli): Promise<ContainerState> {
  const format =
    '{"Running":{{json .State.Running}},"Networks":{{json .NetworkSettings.Networks}},"Mounts":{{json .Mounts}}}';
  const text = await cli.ask(["container", "inspect", "--format", format, id]);
  const found = readJson(text, containerSchema, "container inspect");
  return {
    running: found.Running,
    networks: Object.keys(found.Networks ?? {}),
    volumes: (found.Mounts ?? []).flatMap(({ Type: type, Name: from, Destination: to }) =>
      type === "volume" && from !== undefined ? [{ from, to }] : [],
    ),
  };
}
