import { z } from "zod";
import type { JsonValue } from "../base/json.ts";
import { defineTool } from "../tools/define.ts";
import type { OfferedTool, Tool } from "../tools/tool.ts";
import type { AgentDefinition } from "./definition.ts";
import { inputProblems } from "./inputs.ts";
import type { RunLimits } from "./limits.ts";

// zod's own JSON type has mutable arrays; what comes out of here is never changed.
const json = z.json() as unknown as z.ZodType<JsonValue>;

/** The name by which a model hands work to another agent. */
export const delegateName = "delegate";

/** How many of the agents that one turn hands work to work at the same time. */
export const sideBySide = 4;

/** What stands between an agent's last words and how it ended and what it cost. */
export const endingMark = "\n\n[The end of ";

/** An agent's last words, without the figures that are others each time. */
export function withoutEnding(content: string): string {
  const begin = content.lastIndexOf(endingMark);
  return begin === -1 ? content : content.slice(0, begin);
}

/**
 * The built-in tool that hands a piece of work to another agent of the run. The call itself changes
 * nothing (`read`, `safe`): what the other agent does is decided call by call. A rule may still deny
 * it or ask about it, by the tool's name and the agent's name among its arguments.
 */
export function createDelegateTool(agents: readonly AgentDefinition[]): Tool {
  const names = agents.map(({ name }) => name);
  const input = z
    .object({
      agent: z.enum(names).describe("Who is to do it."),
      task: z.string().min(1).max(50_000).describe("What is to be done, complete in itself."),
      inputs: z
        .record(z.string(), json)
        .exactOptional()
        .describe("What it is given as data, for an agent that asks for it."),
    })
    .superRefine((work, context) => {
      const agent = agents.find(({ name }) => name === work.agent);
      const problems = agent === undefined ? [] : inputProblems(agent, work.inputs);
      for (const message of problems) {
        context.addIssue({ code: "custom", path: ["inputs"], message });
      }
    });
  return defineTool({
    name: delegateName,
    description: [
      "Hands a piece of work to another agent and gives back its last words.",
      "It sees nothing of this conversation: say in the task all that it needs to know, and what it is to report.",
      "Work for several agents that does not depend on each other goes into one turn.",
      "The agents:",
      ...agents.flatMap(linesOf),
    ].join("\n"),
    input,
    effect: "read",
    repeat: "safe",
    source: "tool:agents",
    run: async (work) => ({
      content: `Handed to ${work.agent}.`,
      isError: false,
      delegates: work,
    }),
  });
}

/** Tools as an agent is offered them that may not hand work over any more: without the one for that. */
export function withinLimits(
  tools: readonly OfferedTool[],
  { maxSubagents, maxDepth }: RunLimits,
): readonly OfferedTool[] {
  if (maxSubagents > 0 && maxDepth > 0) return tools;
  return tools.filter(({ name }) => name !== delegateName);
}

/** What a model is told of an agent that it may hand work to. */
function linesOf({ name, role, inputs, outputs }: AgentDefinition): readonly string[] {
  return [
    `- ${name}: ${role.trim()}`,
    ...(inputs === undefined
      ? []
      : [`  Its \`inputs\` must fit this JSON Schema: ${JSON.stringify(inputs)}`]),
    ...(outputs === undefined
      ? []
      : [`  Its last words are JSON that fits: ${JSON.stringify(outputs)}`]),
  ];
}
