import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DockerCli, passVariables } from "./docker-cli.ts";
import {
  type ComposePlan,
  composeOverride,
  composeParts,
  composeVariables,
  mainService,
} from "./compose-files.ts";

export interface ComposeProject extends Omit<ComposePlan, "parts" | "variables"> {
  readonly name: string;
  readonly composeFile: string;
  /** The task's folder that relative paths in the compose file mean. */
  readonly contextDir: string;
  /** A folder of the trial for what compose reads. */
  readonly dir: string;
  /** What the main service gets. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the client keeps its settings, whatever HOME is for the compose file. */
  readonly configDir: string | undefined;
  /** How long the other services may take to be built and started. */
  readonly timeoutMs: number;
}

/** Services that run. */
export interface RunningServices {
  /** The id of the container that agents work in. */
  readonly main: string;
  /** Ends and removes all of them. @throws Agent33Error `evaluation.docker_*` */
  down(): Promise<void>;
}

/**
 * Starts a task's services with docker's compose, the image of the main one in the place of what its
 * file says.
 * @throws Agent33Error `evaluation.compose_*`, `evaluation.docker_*`
 */
export async function startServices(
  project: ComposeProject,
  cli: DockerCli,
  signal: AbortSignal,
): Promise<RunningServices> {
  const { dir, composeFile, contextDir } = project;
  const parts = composeParts(await readFile(composeFile, "utf8"), composeFile);
  const places = {
    verifierLogs: join(dir, "verifier"),
    agentLogs: join(dir, "agent"),
    home: join(dir, "home"),
  };
  for (const place of Object.values(places)) await mkdir(place, { recursive: true });
  const override = join(dir, "compose.override.json");
  const passed = passVariables(project.env);
  const variables = passed.args.filter((arg) => arg !== "--env");
  await writeFile(override, JSON.stringify(composeOverride({ ...project, parts, variables })));
  const env = {
    ...passed.env,
    ...composeVariables({ ...project, ...places }),
    ...(project.configDir === undefined ? {} : { DOCKER_CONFIG: project.configDir }),
  };
  const compose = (...args: readonly string[]) => [
    "compose",
    `--project-name=${project.name}`,
    `--project-directory=${contextDir}`,
    `--file=${composeFile}`,
    `--file=${override}`,
    ...args,
  ];
  const down = async (): Promise<void> => {
    await cli.ask(
      compose("down", "--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "0"),
      { env },
    );
  };
  try {
    const { timeoutMs } = project;
    await cli.ask(compose("up", "--detach", "--wait", "--quiet-pull"), { env, signal, timeoutMs });
    const main = await cli.ask(compose("ps", "--quiet", mainService), { env, signal });
    return { main, down };
  } catch (error) {
    // What came up before the failure must not stay; the failure itself is what is told.
    await down().catch(() => undefined);
    throw error;
  }
}
