import type { LoadedSkill } from "../tools/tool.ts";
import { entryAbout, listAllows, type SkillCall, toolPattern } from "./tool-pattern.ts";

/** What skills say against a call. */
export interface SkillVerdict {
  readonly effect: "ask" | "deny";
  /** The skill that says it. */
  readonly skill: string;
  readonly reason: string;
}

/**
 * What the skills that an agent works by say about a call of a tool; undefined where none says
 * anything. Each skill speaks for itself: a call must be allowed by every one that limits what may
 * be called, so that loading another skill can forbid more and never less. Lists that have nothing
 * in common leave nothing. A skill that forbids comes before one that asks.
 * @param isHousekeeping whether the tool only arranges the agent's own work: lists of what is
 * allowed are not about it, lists of what is forbidden are
 */
export function skillVerdict(
  skills: readonly LoadedSkill[],
  call: SkillCall,
  isHousekeeping: boolean,
): SkillVerdict | undefined {
  let asks: SkillVerdict | undefined;
  for (const skill of skills) {
    const verdict = verdictOf(skill, call, isHousekeeping);
    if (verdict?.effect === "deny") return verdict;
    asks ??= verdict;
  }
  return asks;
}

function verdictOf(
  skill: LoadedSkill,
  call: SkillCall,
  isHousekeeping: boolean,
): SkillVerdict | undefined {
  const { name, allowedTools, disallowedTools, approvalTools } = skill;
  const forbidding = entryAbout(disallowedTools.map(toolPattern), call);
  if (forbidding !== undefined) {
    const reason = `The skill ${name} forbids it: its list of disallowed tools has ${forbidding.text}.`;
    return { effect: "deny", skill: name, reason };
  }
  if (allowedTools !== undefined && !isHousekeeping) {
    if (!listAllows(allowedTools.map(toolPattern), call)) {
      const list = allowedTools.length === 0 ? "is empty" : `is ${shortList(allowedTools)}`;
      const reason = `The skill ${name} does not allow it: its list of allowed tools ${list}.`;
      return { effect: "deny", skill: name, reason };
    }
  }
  const asking = entryAbout(approvalTools.map(toolPattern), call);
  if (asking === undefined) return undefined;
  const reason = `The skill ${name} wants a person to be asked: it lists ${asking.text}.`;
  return { effect: "ask", skill: name, reason };
}

/** Whether any rule of the skills looks at arguments. */
export function looksAtArguments(skills: readonly LoadedSkill[]): boolean {
  return skills.some(({ allowedTools = [], disallowedTools, approvalTools }) =>
    [...allowedTools, ...disallowedTools, ...approvalTools].some(
      (text) => toolPattern(text).inner !== undefined,
    ),
  );
}

const mostShown = 12;

function shortList(patterns: readonly string[]): string {
  const rest = patterns.length - mostShown;
  return `${patterns.slice(0, mostShown).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
