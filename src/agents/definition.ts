import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { efforts } from "../base/effect.ts";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { someLimitsSchema } from "./limits.ts";

export const agentDefinitionSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, "lower-case letters, digits and hyphens, at most 64"),
  version: z.string().min(1),
  role: z.string().min(1).describe("who the agent is, in one sentence"),
  instructions: z.string().min(1).describe("how it works, in the words of its author"),
  tools: z
    .array(z.string().min(1))
    .default(["*"])
    .describe("names of the tools that it may use; `*` stands for any run of characters"),
  agents: z
    .array(z.string().min(1))
    .default([])
    .describe("agents that it may hand work to: names of files beside this one, or paths"),
  effort: z.enum(efforts).optional(),
  limits: someLimitsSchema.default({}),
});

/** Who an agent is, as data. */
export type AgentDefinition = z.infer<typeof agentDefinitionSchema>;

/** The agent that works when nobody names another. */
export const defaultAgent: AgentDefinition = {
  name: "worker",
  version: "1",
  role: "You are a careful engineer who finishes tasks with the tools at hand.",
  instructions: [
    "Work in small steps: look first, then act, then look at what you did.",
    "Use the tools to see and to change things; never claim what you have not seen in a tool's result.",
    "Ask for tool calls that do not depend on each other in one turn.",
    "When a tool fails, read its error and change something before you try again.",
    "When the task is finished, answer without tool calls: say in a few sentences what you did and what you could not do.",
  ].join("\n"),
  tools: ["*"],
  agents: [],
  limits: {},
};

/** An agent as logs, policies and people name it. */
export function versionedName({
  name,
  version,
}: Pick<AgentDefinition, "name" | "version">): string {
  return `${name}@${version}`;
}

/**
 * Reads an agent definition from a YAML file.
 * @throws Agent33Error `agents.unreadable` or `agents.malformed`, with the file and the field.
 */
export function loadAgent(path: string): AgentDefinition {
  let data: unknown;
  try {
    data = parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Agent33Error(
      "agents.unreadable",
      `The agent file ${path} cannot be read: ${messageOf(cause)}`,
      {
        hint: "Give the path of a YAML file with name, version, role and instructions.",
        cause,
      },
    );
  }
  const parsed = agentDefinitionSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new Agent33Error(
    "agents.malformed",
    `The agent file ${path} is not valid:\n${z.prettifyError(parsed.error)}`,
    {
      hint: "Fields: name, version, role, instructions, tools, agents, effort, limits.",
    },
  );
}

/** Whether an agent may use a tool, by the patterns of its definition. */
export function mayUseTool(agent: AgentDefinition, toolName: string): boolean {
  return agent.tools.some((pattern) => {
    const source = pattern.split("*").map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${source.join(".*")}$`).test(toolName);
  });
}
