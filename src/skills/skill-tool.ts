import { z } from "zod";
import { suggestName } from "../base/nearest.ts";
import { defineTool } from "../tools/define.ts";
import type { Tool } from "../tools/tool.ts";
import { readSkillFileName } from "./resource-tool.ts";
import { loadedSkillOf, type Skill } from "./skill.ts";

/** The name by which a model asks for a skill. */
export const loadSkillToolName = "load_skill";

/** The built-in tool that hands a skill's text to the model. */
export function createLoadSkillTool(skills: readonly Skill[]): Tool {
  const known = skills.map((skill) => skill.name);
  return defineTool({
    name: loadSkillToolName,
    description:
      "Loads the full text of one of the listed skills. Do this before you begin work that the skill describes.",
    input: z.object({ name: z.string().min(1).describe("The skill's name as it is listed.") }),
    effect: "read",
    repeat: "safe",
    source: "tool:skills",
    run: async ({ name }) => {
      const skill =
        skills.find((each) => each.name === name) ??
        skills.find((each) => isSkillNamed(each.name, name));
      if (skill !== undefined) {
        return { content: skillText(skill), isError: false, loads: loadedSkillOf(skill) };
      }
      const suggestion = suggestName(name, known);
      const list = suggestion.startsWith("Did") ? ` Known: ${known.join(", ")}.` : "";
      return { content: `There is no skill "${name}". ${suggestion}${list}`, isError: true };
    },
  });
}

const mostNamed = 60;

/** A skill's text, and what else is in its folder. */
export function skillText({ body, files, name, dependencies }: Skill): string {
  const parts = [body];
  if (files.length > 0) {
    const rest = files.length - mostNamed;
    const list = files.slice(0, mostNamed).map((file) => `- ${file}`);
    if (rest > 0) list.push(`- and ${rest} more`);
    parts.push(`Files of the skill ${name}, read with ${readSkillFileName}:\n${list.join("\n")}`);
  }
  if (dependencies.length > 0) {
    const names = dependencies.map((one) => `${one.name}${one.optional ? " (optional)" : ""}`);
    parts.push(`It builds on: ${names.join(", ")}.`);
  }
  return parts.join("\n\n");
}

/** Models write "Ledger Reconciliation" and "ledger_reconciliation" for one name. */
export function isSkillNamed(name: string, written: string): boolean {
  const plain = (text: string): string =>
    text
      .trim()
      .toLowerCase()
      .replaceAll(/[\s_-]+/g, "-");
  return plain(name) === plain(written);
}
