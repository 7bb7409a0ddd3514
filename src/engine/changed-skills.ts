import { digestOf } from "../base/digest.ts";
import type { PolicyDecider } from "../boundary/types.ts";
import { readSkillFileName } from "../skills/resource-tool.ts";
import { isSkillNamed, loadSkillToolName } from "../skills/skill-tool.ts";

/** The rule that speaks for skills which are not what somebody took for good. */
export const changedSkillRule = "settings/skill-changed";

/**
 * A policy that besides asks about loading a skill that is not what was added: whoever looked at it
 * then has not seen what it says now.
 * @param changed names of such skills
 */
export function withChangedSkills(
  policy: PolicyDecider,
  changed: ReadonlySet<string>,
): PolicyDecider {
  if (changed.size === 0) return policy;
  const names = [...changed];
  return {
    version: digestOf([policy.version, names]),
    decide: (facts, connector, principal) => {
      const decision = policy.decide(facts, connector, principal);
      if (decision.effect !== "allow") return decision;
      const { tool, args } = facts;
      const asked =
        tool === loadSkillToolName
          ? args?.["name"]
          : tool === readSkillFileName
            ? args?.["skill"]
            : undefined;
      const name =
        typeof asked === "string" ? names.find((one) => isSkillNamed(one, asked)) : undefined;
      if (name === undefined) return decision;
      return {
        ...decision,
        effect: "ask",
        ruleId: changedSkillRule,
        matched: [...decision.matched, changedSkillRule],
        reason: `The skill ${name} is not what it was when it was added. See it with agent33 skills show ${name}.`,
      };
    },
  };
}
