import type { AgentDefinition } from "../agents/definition.ts";
import { agentReference } from "../agents/definition.ts";
import { type JsonValue, toJsonValue } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";
import { mapStrings } from "./redact-event.ts";

/**
 * Definitions without the secrets of this machine that somebody wrote into them: a run keeps what it
 * used, and models are told it.
 * @returns the same agents, and what a person should know of those that had one
 */
export function withoutSecrets<
  T extends { readonly agent: AgentDefinition; readonly subAgents: readonly AgentDefinition[] },
>(family: T, redactor: Redactor): T & { readonly notices: readonly string[] } {
  const notices: string[] = [];
  const clean = (agent: AgentDefinition): AgentDefinition => {
    const value: JsonValue = toJsonValue(agent);
    const hidden = mapStrings(value, redactor.registered);
    if (JSON.stringify(hidden) === JSON.stringify(value)) return agent;
    notices.push(
      `A secret stands in the definition of ${agentReference(agent)}; the run gets a placeholder. Take it out.`,
    );
    return hidden as unknown as AgentDefinition;
  };
  const agent = clean(family.agent);
  return { ...family, agent, subAgents: family.subAgents.map(clean), notices };
}
