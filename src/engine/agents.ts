import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  agentDigest,
  type AgentDefinition,
  agentReference,
  defaultAgent,
  keptDefinitionSchema,
} from "../agents/definition.ts";
import { parseAgent, readAgentFile } from "../agents/definition-file.ts";
import { type AgentFamily, type FoundAgent, gatherFamily } from "../agents/family.ts";
import {
  type AgentFile,
  type AgentLibrary,
  type BrokenAgentFile,
  findAgent,
  isAgentFile,
  readAgents,
} from "../agents/library.ts";
import { Agent33Error, isAgent33Error } from "../base/errors.ts";
import { isJsonObject, type JsonValue } from "../base/json.ts";
import type { Config } from "../config/config.ts";
import type { Run } from "../store/repositories/runs.ts";
import type { EngineStore } from "./tenant-store.ts";
import type { Host } from "./host.ts";

/** A definition as people are told of it. */
export interface AgentListing extends AgentFile {
  readonly digest: string;
  /** What its name alone means. */
  readonly isNewest: boolean;
  /** A run that used another definition under this name and version. */
  readonly changedSince: string | null;
}

export interface AgentListings {
  readonly agents: readonly AgentListing[];
  readonly broken: readonly BrokenAgentFile[];
}

type Runs = Pick<EngineStore["runs"], "endsOfAgent">;

/** Files and folders that say who agents are: nothing that an agent does may change them. */
export function agentPlaces({ settings }: Pick<Config, "settings">, cwd: string): string[] {
  const { agent, agents } = settings;
  return [...agents, ...(agent !== undefined && isAgentFile(agent) ? [agent] : [])].map((place) =>
    resolve(cwd, place),
  );
}

/**
 * The definitions of the settings' files and folders. The folder of the default need not be there.
 * @throws Agent33Error `agents.unreadable`
 */
export function readLibrary(config: Config, cwd: string): AgentLibrary {
  const places = config.settings.agents.map((place) => resolve(cwd, place));
  const isDefault = config.originOf("agents").layer === "default";
  return readAgents(isDefault ? places.filter((place) => existsSync(place)) : places);
}

/**
 * The agent that a person names: by file, by `name` or by `name@version`; the settings' where
 * nobody names one, else the built-in worker.
 * @throws Agent33Error `agents.*`
 */
export function resolveAgent(
  asked: string | undefined,
  config: Config,
  cwd: string,
): AgentDefinition {
  const reference = asked ?? config.settings.agent;
  return reference === undefined ? defaultAgent : finder(config, cwd)(reference, cwd).agent;
}

/**
 * The agent that a person names, with all those below it. A file that a definition names stands
 * relative to that definition, a name means the same as anywhere.
 * @throws Agent33Error `agents.*`
 */
export function resolveFamily(asked: string | undefined, config: Config, cwd: string): AgentFamily {
  const reference = asked ?? config.settings.agent;
  const find = finder(config, cwd);
  return familyOf(
    reference === undefined ? { agent: defaultAgent } : find(reference, cwd),
    find,
    cwd,
  );
}

/** Says what a reference means. @param from the folder that a file's name is relative to */
type Finder = (reference: string, from: string) => FoundAgent;

/** @param library where it is read already; else it is, once a name is asked for */
function finder(config: Config, cwd: string, library?: AgentLibrary): Finder {
  let known = library;
  return (reference, from) => {
    if (isAgentFile(reference)) {
      const file = resolve(from, reference);
      return { agent: readAgentFile(file), file };
    }
    known ??= readLibrary(config, cwd);
    return findAgent(known, reference);
  };
}

function familyOf(first: FoundAgent, find: Finder, cwd: string): AgentFamily {
  return gatherFamily(first, (reference, { file }) =>
    find(reference, file === undefined ? cwd : dirname(file)),
  );
}

/** One definition and its digest. @throws Agent33Error `agents.*` */
export function readAgent(
  reference: string,
  config: Config,
  { cwd }: Pick<Host, "cwd">,
): { readonly agent: AgentDefinition; readonly digest: string } {
  const agent = resolveAgent(reference, config, cwd);
  return { agent, digest: agentDigest(agent) };
}

/** All definitions of the settings. @param runs where it is known which were used before */
export function listAgents(
  config: Config,
  host: Pick<Host, "cwd">,
  runs: Runs | undefined,
): AgentListings {
  const library = readLibrary(config, host.cwd);
  const agents = library.agents.map(({ file, agent }) => ({
    file,
    agent,
    digest: agentDigest(agent),
    isNewest: findAgent(library, agent.name).agent === agent,
    changedSince: changedSince(agent, runs),
  }));
  const find = finder(config, host.cwd, library);
  const alone = library.agents.flatMap((found) => familyFault(found, find, host.cwd));
  return { agents, broken: [...library.broken, ...alone] };
}

/** What keeps a good definition from being run with the agents that it names. */
function familyFault(found: AgentFile, find: Finder, cwd: string): readonly BrokenAgentFile[] {
  try {
    familyOf(found, find, cwd);
    return [];
  } catch (error) {
    if (!isAgent33Error(error)) throw error;
    return [{ file: found.file, error }];
  }
}

/** One file alone, with the agents that it names. */
export function checkAgent(
  path: string,
  config: Config,
  { cwd }: Pick<Host, "cwd">,
): AgentListings {
  const file = resolve(cwd, path);
  try {
    const agent = readAgentFile(file);
    const listing = { file, agent, digest: agentDigest(agent), isNewest: true, changedSince: null };
    return { agents: [listing], broken: familyFault(listing, finder(config, cwd), cwd) };
  } catch (error) {
    if (!isAgent33Error(error)) throw error;
    return { agents: [], broken: [{ file, error }] };
  }
}

/**
 * A definition that somebody sends, with the agents that it names. Files are not among these: what
 * stands beside it where it came from does not stand here.
 */
export function checkAgentText(
  text: string,
  config: Config,
  { cwd }: Pick<Host, "cwd">,
): AgentListings {
  const file = "definition";
  try {
    const agent = parseAgent(text, file);
    const listing = { file, agent, digest: agentDigest(agent), isNewest: true, changedSince: null };
    const named = agent.agents.find(isAgentFile);
    if (named !== undefined) {
      throw new Agent33Error("agents.unknown", `The definition names the file "${named}".`, {
        hint: "Name agents by their names: a definition that is sent has no files beside it.",
      });
    }
    return { agents: [listing], broken: familyFault(listing, finder(config, cwd), cwd) };
  } catch (error) {
    if (!isAgent33Error(error)) throw error;
    return { agents: [], broken: [{ file, error }] };
  }
}

/**
 * A run that used another definition under the same name and version, if the first or the newest
 * of them did.
 */
export function changedSince(agent: AgentDefinition, runs: Runs | undefined): string | null {
  const digest = agentDigest(agent);
  const used = runs?.endsOfAgent(agentReference(agent)) ?? [];
  return used.find((run) => (usedDigest(run) ?? digest) !== digest)?.id ?? null;
}

function usedDigest({ spec }: Pick<Run, "spec">): string | undefined {
  const kept: JsonValue | undefined = isJsonObject(spec) ? spec["agent"] : undefined;
  const { data } = keptDefinitionSchema.safeParse(kept);
  return data === undefined ? undefined : agentDigest(data);
}
