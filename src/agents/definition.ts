import { z } from "zod";
import { digestOf } from "../base/digest.ts";
import { efforts } from "../base/effect.ts";
import { globMatcher } from "../base/glob.ts";
import { type JsonValue } from "../base/json.ts";
import { contextSettingsSchema } from "../context/window.ts";
import { completionSchema } from "./completion-schema.ts";
import { someLimitsSchema } from "./limits.ts";
import { versionPattern } from "./version.ts";

// zod's own JSON type has mutable arrays; what comes out of here is never changed.
const json = z.json() as unknown as z.ZodType<JsonValue>;

/** A JSON Schema, 2020-12, of an object. Whether it is one is seen when it is compiled. */
const objectSchema = z
  .record(z.string(), json)
  .refine((schema) => schema["type"] === "object", "the schema must have `type: object`");

export const agentDefinitionSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, "lower-case letters, digits and hyphens, at most 64"),
  version: z
    .string("a version is a text: put it in quotes")
    .regex(versionPattern, "a version looks like 1.2.0, or 2.0.0-beta.1"),
  role: z.string().min(1).describe("who the agent is, in one sentence"),
  instructions: z.string().min(1).describe("how it works, in the words of its author"),
  tools: z
    .array(z.string().min(1))
    .default(["*"])
    .describe("names of the tools that it may use; `*` stands for any run of characters"),
  agents: z
    .array(z.string().min(1))
    .default([])
    .describe("agents that it may hand work to: `name`, `name@version`, or a file from here"),
  skills: z
    .array(z.string().min(1))
    .exactOptional()
    .describe("names of the skills that it may load, as with tools; without it, all"),
  matchSkills: z
    .int()
    .min(1)
    .max(20)
    .exactOptional()
    .describe("of these at most so many, chosen for the task by matching; without it, all"),
  preload: z
    .array(z.string().min(1))
    .exactOptional()
    .describe("names of skills whose text it has from the start, and whose rules hold for it"),
  effort: z.enum(efforts).optional().describe("how hard it thinks, where a run does not say"),
  limits: someLimitsSchema.default({}),
  context: contextSettingsSchema
    .exactOptional()
    .describe("how much of a conversation the model is shown, where the settings say otherwise"),
  inputs: objectSchema.exactOptional().describe("JSON Schema (2020-12) of what it is given"),
  outputs: objectSchema
    .exactOptional()
    .describe("JSON Schema (2020-12) that its last answer must fit"),
  completion: completionSchema
    .exactOptional()
    .describe("how its work is checked before it counts as done"),
});

/** A definition as runs keep it. Before definitions had an order, a version could be any text. */
export const keptDefinitionSchema = agentDefinitionSchema.extend({ version: z.string().min(1) });

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

/** `name@version`, as a run, its audit and people call an agent. */
export function agentReference({ name, version }: AgentDefinition): string {
  return `${name}@${version}`;
}

/** The same for the same content: what tells whether a version was changed behind its name. */
export function agentDigest(agent: AgentDefinition): string {
  return digestOf(agent);
}

/** Whether an agent may use a tool, by the patterns of its definition. */
export function mayUseTool(agent: AgentDefinition, toolName: string): boolean {
  return globMatcher(agent.tools)(toolName);
}

/** Whether an agent may load a skill, by the patterns of its definition. */
export function mayUseSkill({ skills }: AgentDefinition, skillName: string): boolean {
  return skills === undefined || globMatcher(skills)(skillName);
}
