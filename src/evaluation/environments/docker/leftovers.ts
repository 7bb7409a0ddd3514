import type { DockerCli } from "./docker-cli.ts";

/** The label of everything that is made for trials; its value says whose they are. */
export const ownerLabel = "agent33.evaluation";

/** What is made, how it is listed and how it is removed, in an order in which it can be. */
const kinds: readonly (readonly [list: readonly string[], remove: readonly string[]])[] = [
  [
    ["ps", "--all", "--quiet"],
    ["rm", "--force", "--volumes"],
  ],
  [
    ["images", "--quiet"],
    ["rmi", "--force"],
  ],
  [
    ["network", "ls", "--quiet"],
    ["network", "rm"],
  ],
  [
    ["volume", "ls", "--quiet"],
    ["volume", "rm", "--force"],
  ],
];

/**
 * Removes what trials of a process that is gone have left: containers, images of what agents left,
 * networks and volumes. The images of tasks stay.
 * @param owner whose trials; nobody else may be trying any under this name
 * @throws Agent33Error `evaluation.docker_*`
 */
export async function removeLeftovers(
  owner: string,
  cli: DockerCli,
  signal: AbortSignal,
): Promise<void> {
  for (const [list, remove] of kinds) {
    const filter = ["--filter", `label=${ownerLabel}=${owner}`];
    const found = await cli.ask([...list, ...filter], { signal });
    const ids = [...new Set(found.split(/\s+/).filter((id) => id !== ""))];
    if (ids.length > 0) await cli.ask([...remove, ...ids], { signal });
  }
}
