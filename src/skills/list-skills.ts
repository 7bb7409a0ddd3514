import type { Skill } from "./skill.ts";
import { loadSkillToolName } from "./skill-tool.ts";

/**
 * What the prompt says about the skills at hand before any is loaded: one line each. Empty without
 * skills.
 */
export function renderSkillList(skills: readonly Pick<Skill, "name" | "description">[]): string {
  if (skills.length === 0) return "";
  const lines = skills.map((skill) => `- ${skill.name}: ${skill.description}`);
  return [
    `Skills describe how certain work is done here. When one fits the task, load it with ${loadSkillToolName} before you begin and follow it.`,
    ...lines,
  ].join("\n");
}
