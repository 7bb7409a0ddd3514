import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Agent33Error, isAgent33Error, messageOf } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import { type AgentDefinition, agentReference } from "./definition.ts";
import { readAgentFile } from "./definition-file.ts";
import { compareVersions } from "./version.ts";

/** A definition and where it stands. */
export interface AgentFile {
  readonly file: string;
  readonly agent: AgentDefinition;
}

/** A file that is no definition, and why. */
export interface BrokenAgentFile {
  readonly file: string;
  readonly error: Agent33Error;
}

/** All definitions of some folders, by name and then from the oldest version to the newest. */
export interface AgentLibrary {
  readonly agents: readonly AgentFile[];
  /** Said, not thrown: one bad file keeps nobody from using another. */
  readonly broken: readonly BrokenAgentFile[];
}

/**
 * Reads all definitions below the given files and folders; a folder's are its `*.yaml` and `*.yml`.
 * @throws Agent33Error `agents.unreadable` for a place that cannot be looked at
 */
export function readAgents(places: readonly string[]): AgentLibrary {
  const agents: AgentFile[] = [];
  const broken: BrokenAgentFile[] = [];
  for (const file of new Set(places.flatMap(filesAt))) {
    try {
      agents.push({ file, agent: readAgentFile(file) });
    } catch (error) {
      if (!isAgent33Error(error)) throw error;
      broken.push({ file, error });
    }
  }
  agents.sort(
    ({ agent: one }, { agent: other }) =>
      (one.name === other.name ? 0 : one.name < other.name ? -1 : 1) ||
      compareVersions(one.version, other.version),
  );
  const doubles = agents.filter((found, place) => {
    const before = agents[place - 1];
    return before !== undefined && isSameVersion(before.agent, found.agent);
  });
  for (const { file, agent } of doubles) broken.push({ file, error: double(file, agent, agents) });
  return { agents: agents.filter((found) => !doubles.includes(found)), broken };
}

/**
 * The definition that `name` or `name@version` means; without a version, the newest that is no
 * pre-release, else the newest.
 * @throws Agent33Error `agents.unknown`, or what is wrong with the file that may hold it
 */
export function findAgent({ agents, broken }: AgentLibrary, reference: string): AgentFile {
  const { name = "", version } =
    /^(?<name>[^@]*)(?:@(?<version>.*))?$/s.exec(reference)?.groups ?? {};
  const known = agents.filter(({ agent }) => agent.name === name);
  const found =
    version === undefined
      ? (known.findLast(({ agent }) => !agent.version.includes("-")) ?? known.at(-1))
      : known.find(({ agent }) => compareVersions(agent.version, version) === 0);
  if (found !== undefined) return found;
  // It may be the very file that was asked for, and then that is what to mend.
  const suspect = broken.find(({ file }) => basename(file).includes(name));
  if (suspect !== undefined) throw suspect.error;
  const names = agents.map(({ agent }) => agentReference(agent));
  throw new Agent33Error("agents.unknown", `There is no agent "${reference}".`, {
    hint:
      names.length === 0
        ? "Put definitions into the folder `agents`, or name others with the setting `agents`."
        : suggestName(reference, names),
  });
}

/** Whether a text names a definition file rather than an agent. */
export function isAgentFile(text: string): boolean {
  return /[/\\]|\.(?:ya?ml|json)$/.test(text);
}

function isSameVersion(one: AgentDefinition, other: AgentDefinition): boolean {
  return one.name === other.name && compareVersions(one.version, other.version) === 0;
}

function double(file: string, agent: AgentDefinition, agents: readonly AgentFile[]): Agent33Error {
  const other = agents.find((one) => isSameVersion(one.agent, agent))?.file ?? "another file";
  return new Agent33Error(
    "agents.duplicate",
    `${file}: ${agentReference(agent)} is defined in ${other} already.`,
    { hint: "Give one of the two another version or another name." },
  );
}

function filesAt(place: string): readonly string[] {
  try {
    if (!statSync(place).isDirectory()) return [place];
    return readdirSync(place)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(place, name));
  } catch (cause) {
    throw new Agent33Error(
      "agents.unreadable",
      `Agent definitions cannot be read at ${place}: ${messageOf(cause)}`,
      { hint: "Correct the setting `agents`, or make the place readable.", cause },
    );
  }
}
