import { z } from "zod";
import { suggestName } from "../base/nearest.ts";
import { defineTool } from "../tools/define.ts";
import type { Tool } from "../tools/tool.ts";
import type { Skill } from "./skill.ts";

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
      const skill = skills.find((each) => each.name === name) ?? skills.find(sameBut(name));
      if (skill !== undefined) return { content: skill.body, isError: false };
      const suggestion = suggestName(name, known);
      const list = suggestion.startsWith("Did") ? ` Known: ${known.join(", ")}.` : "";
      return { content: `There is no skill "${name}". ${suggestion}${list}`, isError: true };
    },
  });
}

/** Models write "Ledger Reconciliation" and "ledger_reconciliation" for one name. */
function sameBut(name: string): (skill: Skill) => boolean {
  const plain = (text: string) =>
    text
      .trim()
      .toLowerCase()
      .replaceAll(/[\s_-]+/g, "-");
  return (skill) => plain(skill.name) === plain(name);
}
