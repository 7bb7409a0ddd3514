import type { DockerCli } from "./docker-cli.ts";

/** The label of everything that is made for a trial; its value is the trial's name. */
export const trialLabel = "agent33.trial";

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
 * Removes what a trial has left that was killed and now begins anew: containers, images of what its
 * agent left, networks and volumes. The images of tasks stay.
 * @throws Agent33Error `evaluation.docker_*`
 */
export async function removeLeftovers(
  trial: string,
  cli: DockerCli,
  signal: AbortSignal,
): Promise<void> {
  for (const [list, remove] of kinds) {
    const filter = ["--filter", `label=${trialLabel}=${trial}`];
    const found = await cli.ask([...list, ...filter], { signal });
    const ids = [...new Set(found.split(/\s+/).filter((id) => id !== ""))];
    if (ids.length > 0) await cli.ask([...remove, ...ids], { signal });
  }
}
