import type { AgentDefinition } from "./definition.ts";

export interface PromptFacts {
  /** What the skills room says about the skills at hand; empty without skills. */
  readonly skills: string;
  /** How the agent's work is checked, in words for the agent; empty when it is not. */
  readonly check: string;
}

/** The system prompt: who the agent is, what it knows of, how it is judged. Rendered anew for each turn. */
export function renderSystemPrompt(agent: AgentDefinition, facts: PromptFacts): string {
  return [agent.role, agent.instructions, facts.skills, facts.check]
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .join("\n\n");
}
