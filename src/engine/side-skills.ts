import {
  type AgentDefinition,
  agentReference,
  mayUseSkill,
  mayUseTool,
} from "../agents/definition.ts";
import { Agent33Error } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import { listSkills, type SkillListLimit } from "../skills/list-skills.ts";
import { createReadSkillFileTool, readSkillFileName } from "../skills/resource-tool.ts";
import { loadedSkillOf, type Skill } from "../skills/skill.ts";
import { createLoadSkillTool, loadSkillToolName, skillText } from "../skills/skill-tool.ts";
import type { LoadedSkill, Tool } from "../tools/tool.ts";

/** Of whose skills it is about, and what there is for it. */
export interface SkillSeat {
  readonly agent: AgentDefinition;
  readonly skills: readonly Skill[];
  /** Whether it may load skills while it works; else it has only those that it begins with. */
  readonly loads: boolean;
  /** The skills that those it works for begin with: what they say holds for it too. */
  readonly preloaded: readonly LoadedSkill[];
}

/** What one agent has of skills. */
export interface SideSkills {
  /** All that it may load or begins with. */
  readonly known: readonly Skill[];
  /** What agents that work for it can have. */
  readonly below: readonly Skill[];
  readonly tools: readonly Tool[];
  /** What its prompt says of them. */
  readonly text: string;
  /** The skills that it, and those that it works for, begin with. */
  readonly preloaded: readonly LoadedSkill[];
  readonly notices: readonly string[];
}

/**
 * The skills that an agent's definition gives it, of those that there are.
 * @throws Agent33Error `engine.unknown_skill` for one that it is to begin with
 */
export function sideSkills(
  { agent, skills, loads, preloaded }: SkillSeat,
  limit: SkillListLimit,
): SideSkills {
  const held = (agent.preload ?? []).map((name) => preloadedSkill(name, agent, skills));
  const its = mayUseTool(agent, loadSkillToolName)
    ? skills.filter(({ name }) => mayUseSkill(agent, name))
    : [];
  const choosable = loads ? its.filter(({ modelMayLoad }) => modelMayLoad) : [];
  const listed = choosable.filter((skill) => !held.includes(skill));
  const list = listSkills(listed, limit);
  const known = skills.filter((skill) => held.includes(skill) || choosable.includes(skill));
  const readable = loads && mayUseTool(agent, readSkillFileName) ? known : [];
  return {
    known,
    below: skills.filter((skill) => held.includes(skill) || its.includes(skill)),
    tools: [
      ...(listed.length === 0 ? [] : [createLoadSkillTool(listed)]),
      ...(readable.some(({ files }) => files.length > 0)
        ? [createReadSkillFileTool(readable)]
        : []),
    ],
    text: [list.text, ...held.map(heldText)].filter((part) => part !== "").join("\n\n"),
    preloaded: [...preloaded, ...held.map(loadedSkillOf)],
    notices:
      list.leftOut.length === 0
        ? []
        : [
            `${list.leftOut.length} of ${listed.length} skills are not in the prompt of ${agent.name} (skills.listTokens): ${shortList(list.leftOut)}`,
          ],
  };
}

function preloadedSkill(name: string, agent: AgentDefinition, skills: readonly Skill[]): Skill {
  const found = skills.find((skill) => skill.name === name);
  if (found !== undefined) return found;
  const names = skills.map((skill) => skill.name);
  throw new Agent33Error(
    "engine.unknown_skill",
    `${agentReference(agent)} begins with the skill "${name}", which this run does not have.`,
    { hint: suggestName(name, names) },
  );
}

function heldText(skill: Skill): string {
  return `# The skill ${skill.name}, by which you work\n\n${skillText(skill)}`;
}

const mostNamed = 10;

function shortList(names: readonly string[]): string {
  const rest = names.length - mostNamed;
  return `${names.slice(0, mostNamed).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
