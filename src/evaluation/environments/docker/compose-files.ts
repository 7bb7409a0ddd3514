import { parse } from "yaml";
import { z } from "zod";
import { Agent33Error, messageOf } from "../../../base/errors.ts";
import { type ContainerLimits, idle, mostProcesses } from "./container.ts";

/** The service that agents work in, as Harbor calls it. */
export const mainService = "main";

const table = z.record(z.string(), z.record(z.string(), z.unknown()).nullish()).nullish();
const composeSchema = z.looseObject({ services: table, networks: table, volumes: table });

/** What a task's compose file has. */
export interface ComposeParts {
  readonly services: readonly string[];
  /** Services that say themselves which network they are in. */
  readonly ownNetworkMode: readonly string[];
  readonly networks: readonly string[];
  /** Volumes that compose makes; those of elsewhere it only uses. */
  readonly volumes: readonly string[];
}

/** @throws Agent33Error `evaluation.compose_malformed` */
export function composeParts(text: string, path: string): ComposeParts {
  try {
    const { services, networks, volumes } = composeSchema.parse(parse(text, { maxAliasCount: 50 }));
    const made = Object.entries(volumes ?? {}).filter(([, volume]) => !volume?.["external"]);
    return {
      services: Object.keys(services ?? {}),
      ownNetworkMode: Object.entries(services ?? {})
        .filter(([, service]) => service?.["network_mode"] !== undefined)
        .map(([name]) => name),
      networks: Object.keys(networks ?? {}),
      volumes: made.map(([name]) => name),
    };
  } catch (cause) {
    throw new Agent33Error(
      "evaluation.compose_malformed",
      `${path} cannot be read: ${messageOf(cause).split("\n")[0] ?? ""}`,
      { hint: "See what docker compose config says to it.", cause },
    );
  }
}

export interface ComposePlan extends ContainerLimits {
  readonly parts: ComposeParts;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What the main service gets: names whose values compose takes from its own environment, or both. */
  readonly variables: readonly string[];
  readonly hasNetwork: boolean;
}

/**
 * What is said of a task's services after its own compose file has spoken: the image and the limits of
 * the main one, labels for all that is made. Without network, the services may reach each other only.
 */
export function composeOverride(plan: ComposePlan): object {
  const { parts, image, labels, hasNetwork, cpus, memoryMb } = plan;
  // Compose refuses a limit that is said here and, in other words, elsewhere in the file.
  const limits = {
    pids: mostProcesses,
    ...(cpus === undefined ? {} : { cpus: String(cpus) }),
    ...(memoryMb === undefined ? {} : { memory: `${Math.ceil(memoryMb)}M` }),
  };
  const walled = (name: string) =>
    !hasNetwork && parts.ownNetworkMode.includes(name) ? { network_mode: "none" } : {};
  const others = parts.services.filter((name) => name !== mainService);
  const networks = [...new Set(["default", ...parts.networks])];
  return {
    services: {
      ...Object.fromEntries(others.map((name) => [name, { labels, ...walled(name) }])),
      [mainService]: {
        image,
        // It was made before, without what the agent may not have.
        pull_policy: "never",
        command: idle,
        init: true,
        // Ended means ended.
        restart: "no",
        labels,
        environment: plan.variables.map((entry) => entry.replaceAll("$", "$$$$")),
        deploy: { resources: { limits } },
        ...walled(mainService),
      },
    },
    networks: Object.fromEntries(
      networks.map((name) => [name, { labels, ...(hasNetwork ? {} : { internal: true }) }]),
    ),
    volumes: Object.fromEntries(parts.volumes.map((name) => [name, { labels }])),
  };
}

export interface ComposeVariables extends ContainerLimits {
  readonly contextDir: string;
  readonly image: string;
  /** Folders of the trial; what is written to them judges nothing. */
  readonly verifierLogs: string;
  readonly agentLogs: string;
  /** An empty folder: compose files mount credentials from a person's own. */
  readonly home: string;
  readonly hasNetwork: boolean;
}

/** The variables that Harbor sets for compose files, by which published ones find their folders. */
export function composeVariables(given: ComposeVariables): Readonly<Record<string, string>> {
  return {
    CONTEXT_DIR: given.contextDir,
    MAIN_IMAGE_NAME: given.image,
    TEST_DIR: "/tests",
    HOST_VERIFIER_LOGS_PATH: given.verifierLogs,
    ENV_VERIFIER_LOGS_PATH: "/logs/verifier",
    HOST_AGENT_LOGS_PATH: given.agentLogs,
    ENV_AGENT_LOGS_PATH: "/logs/agent",
    // Zero is no limit.
    CPUS: String(given.cpus ?? 0),
    MEMORY: given.memoryMb === undefined ? "0" : `${Math.ceil(given.memoryMb)}M`,
    NETWORK_MODE: given.hasNetwork ? "bridge" : "none",
    HOME: given.home,
  };
}
