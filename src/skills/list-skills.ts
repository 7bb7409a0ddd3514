import type { TokenCounter } from "../models/tokens.ts";
import type { Skill } from "./skill.ts";
import { loadSkillToolName } from "./skill-tool.ts";

/** How much of a prompt the list of skills may take. */
export interface SkillListLimit {
  readonly tokens: TokenCounter;
  readonly mostTokens: number;
}

/** What the prompt says about skills, and what of them it does not say. */
export interface SkillList {
  readonly text: string;
  /** Names of the skills that there was no room for. */
  readonly leftOut: readonly string[];
}

/**
 * What the prompt says about the skills at hand before any is loaded: one line each. Where that is
 * more than it may take, long descriptions are cut first; what still does not fit is left out, and
 * the prompt says how much that is. Empty without skills.
 */
export function listSkills(
  skills: readonly Pick<Skill, "name" | "description">[],
  limit: SkillListLimit,
): SkillList {
  if (skills.length === 0) return { text: "", leftOut: [] };
  const count = (text: string): number => limit.tokens.text(text);
  let lines = skills.map(lineOf);
  const counts = lines.map(count);
  if (sum(counts) > limit.mostTokens) {
    lines = skills.map((skill) => lineOf({ ...skill, description: cut(skill.description) }));
  }
  const shown: string[] = [];
  let used = 0;
  for (const line of lines) {
    used += count(line);
    if (used > limit.mostTokens) break;
    shown.push(line);
  }
  const leftOut = skills.slice(shown.length).map(({ name }) => name);
  if (leftOut.length > 0) {
    shown.push(`(${leftOut.length} more skills are not listed for want of room.)`);
  }
  return { text: [introduction, ...shown].join("\n"), leftOut };
}

const introduction = `Skills describe how certain work is done here. When one fits the task, load it with ${loadSkillToolName} before you begin and follow it.`;

function lineOf({ name, description }: Pick<Skill, "name" | "description">): string {
  return `- ${name}: ${description}`;
}

const cutAt = 160;

function cut(description: string): string {
  return description.length <= cutAt ? description : `${description.slice(0, cutAt - 1)}…`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
