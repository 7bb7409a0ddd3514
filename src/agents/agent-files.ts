import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import { type AgentDefinition, loadAgent, versionedName } from "./definition.ts";

/** An agent with all the agents that it and those below it may hand work to. */
export interface AgentFamily {
  /** Its `agents` name the others as `name@version`. */
  readonly agent: AgentDefinition;
  readonly subAgents: readonly AgentDefinition[];
  /** The files that they were read from. */
  readonly files: readonly string[];
}

/** Where the definition stands that a name or path in another one means. */
export type FindAgentFile = (reference: string, folder: string) => string;

/**
 * Reads an agent and, by the names in its `agents`, all those below it.
 * @throws Agent33Error `agents.unknown_agent`, `agents.cycle`, `agents.ambiguous`, and what
 * {@link loadAgent} throws
 */
export function loadFamily(path: string, find: FindAgentFile = besideIt): AgentFamily {
  const known = new Map<string, { readonly file: string; readonly agent: AgentDefinition }>();
  const read = (file: string, above: readonly string[]): AgentDefinition => {
    if (above.includes(file)) throw cycle([...above, file]);
    const loaded = loadAgent(file);
    const below = loaded.agents.map((reference) => {
      const found = find(reference, dirname(file));
      if (statSync(found, { throwIfNoEntry: false })?.isFile() !== true)
        throw unknownAgent(reference, file, found);
      return read(found, [...above, file]);
    });
    const agents = below.map(versionedName);
    const twice = below.find(({ name }, place) =>
      below.slice(0, place).some((other) => other.name === name),
    );
    if (twice !== undefined) throw ambiguous(twice.name, [file]);
    const agent: AgentDefinition = { ...loaded, agents };
    const before = known.get(versionedName(agent));
    if (before !== undefined && before.file !== file)
      throw ambiguous(versionedName(agent), [before.file, file]);
    known.set(versionedName(agent), { file, agent });
    return agent;
  };
  const agent = read(path, []);
  known.delete(versionedName(agent));
  const others = [...known.values()];
  return {
    agent,
    subAgents: others.map((other) => other.agent),
    files: [path, ...others.map(({ file }) => file)],
  };
}

/** A path as it stands, a bare name as a file of that name beside the definition. */
function besideIt(reference: string, folder: string): string {
  const isPath = reference.includes("/") || /\.ya?ml$/.test(reference);
  return resolve(folder, isPath ? reference : `${reference}.yaml`);
}

function unknownAgent(reference: string, file: string, tried: string): Agent33Error {
  return new Agent33Error(
    "agents.unknown_agent",
    `${file}: agents names "${reference}", and there is no file ${tried}.`,
    { hint: "Name a file beside the definition without its .yaml, or give a path from there." },
  );
}

function cycle(files: readonly string[]): Agent33Error {
  return new Agent33Error(
    "agents.cycle",
    `Agents hand work to each other in a circle: ${files.join(" -> ")}.`,
    { hint: "Take one of them out of the `agents` of another." },
  );
}

function ambiguous(name: string, files: readonly string[]): Agent33Error {
  return new Agent33Error(
    "agents.ambiguous",
    `Two agents are called ${name}: ${files.join(", ")}.`,
    {
      hint: "Give one of them another name, or another version where they stand in different files.",
    },
  );
}
