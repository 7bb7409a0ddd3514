import { Agent33Error, isAgent33Error } from "../base/errors.ts";
import { agentDigest, type AgentDefinition, agentReference } from "./definition.ts";

/** A definition, and the file that it stands in where it stands in one. */
export interface FoundAgent {
  readonly agent: AgentDefinition;
  readonly file?: string;
}

/** An agent with all the agents that it and those below it may hand work to. */
export interface AgentFamily {
  /** Its `agents` name the others as `name@version`. */
  readonly agent: AgentDefinition;
  readonly subAgents: readonly AgentDefinition[];
  readonly files: readonly string[];
}

/**
 * An agent with all those below it, found by what their `agents` say.
 * @param find what a reference means in the definition of another agent
 * @throws Agent33Error `agents.cycle`, `agents.ambiguous`, and what `find` throws
 */
export function gatherFamily(
  first: FoundAgent,
  find: (reference: string, from: FoundAgent) => FoundAgent,
): AgentFamily {
  const known = new Map<string, AgentDefinition>();
  const files = new Set<string>();
  const gather = (found: FoundAgent, above: readonly string[]): AgentDefinition => {
    const id = agentReference(found.agent);
    const line = [...above, id];
    if (above.includes(id)) throw cycle(line);
    if (found.file !== undefined) files.add(found.file);
    const below = found.agent.agents.map((reference) =>
      gather(
        named(id, reference, () => find(reference, found)),
        line,
      ),
    );
    const names = below.map(({ name }) => name);
    const twice = names.find((name, place) => names.indexOf(name) !== place);
    if (twice !== undefined) throw ambiguous(`${id} names two agents "${twice}".`);
    const agent = { ...found.agent, agents: below.map(agentReference) };
    const other = known.get(id);
    if (other !== undefined && agentDigest(other) !== agentDigest(agent)) {
      throw ambiguous(`Two different agents below ${line[0] ?? id} are called ${id}.`);
    }
    known.set(id, agent);
    return agent;
  };
  const agent = gather(first, []);
  known.delete(agentReference(agent));
  return { agent, subAgents: [...known.values()], files: [...files] };
}

/** What a reference means; where it means nothing, with who says it. */
function named(id: string, reference: string, find: () => FoundAgent): FoundAgent {
  try {
    return find();
  } catch (error) {
    if (!isAgent33Error(error) || error.code !== "agents.unknown") throw error;
    throw new Agent33Error(
      "agents.unknown",
      `${id} hands work to "${reference}": ${error.message}`,
      { ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error },
    );
  }
}

function cycle(line: readonly string[]): Agent33Error {
  return new Agent33Error(
    "agents.cycle",
    `Agents hand work to each other in a circle: ${line.join(" -> ")}.`,
    { hint: "Take one of them out of the `agents` of another." },
  );
}

function ambiguous(message: string): Agent33Error {
  return new Agent33Error("agents.ambiguous", message, {
    hint: "Give one of the two another name, or another version.",
  });
}
