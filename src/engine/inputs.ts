import type { AgentDefinition } from "../agents/definition.ts";
import { agentReference } from "../agents/definition.ts";
import { inputProblems } from "../agents/inputs.ts";
import { Agent33Error } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";

/**
 * Holds what an agent is given against its definition, before anything runs.
 * @throws Agent33Error `engine.invalid_inputs` with each field that does not fit
 */
export function checkInputs(agent: AgentDefinition, inputs: JsonObject): void {
  const problems = inputProblems(agent, inputs);
  if (problems.length === 0) return;
  throw new Agent33Error(
    "engine.invalid_inputs",
    `The input does not fit what ${agentReference(agent)} takes: ${problems.join("; ")}.`,
    {
      hint: "`agent33 agents show NAME` shows what it takes, under `inputs`.",
      details: { problems },
    },
  );
}
