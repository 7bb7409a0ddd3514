import { digestOf } from "../base/digest.ts";
import type { Decision, PolicyDecider } from "../boundary/types.ts";
import { carriedFold } from "../context/carried.ts";
import { updatePlanName } from "../context/plan-tool.ts";
import { readResultName } from "../context/shown-result.ts";
import type { StoredEvent } from "../events/event.ts";
import { readSkillFileName } from "../skills/resource-tool.ts";
import { looksAtArguments, skillVerdict } from "../skills/rules.ts";
import { loadSkillToolName } from "../skills/skill-tool.ts";
import { findToolsName } from "../tools/search/find-tools.ts";
import type { LoadedSkill } from "../tools/tool.ts";
import { delegateName } from "./delegate.ts";
import { pathOf, type Scope } from "./scope.ts";

/** Tools with which an agent arranges its own work. Who delegates is bound by the same skills. */
const housekeeping: ReadonlySet<string> = new Set([
  loadSkillToolName,
  readSkillFileName,
  findToolsName,
  readResultName,
  updatePlanName,
  delegateName,
]);

/** Strictest last. */
const effects: readonly Decision["effect"][] = ["allow", "ask", "deny"];

/**
 * A policy that besides holds an agent to the skills that it works by. They can make a decision
 * stricter and never milder: what a skill allows, the packs still decide about.
 */
export function withSkills(policy: PolicyDecider, skills: readonly LoadedSkill[]): PolicyDecider {
  const ruling = skills.filter(
    ({ allowedTools, disallowedTools, approvalTools }) =>
      allowedTools !== undefined || disallowedTools.length + approvalTools.length > 0,
  );
  if (ruling.length === 0) return policy;
  const made = madeBefore.get(policy) ?? new Map<string, PolicyDecider>();
  madeBefore.set(policy, made);
  const key = digestOf(ruling);
  const decider = made.get(key) ?? decidedWith(policy, ruling, key);
  made.set(key, decider);
  return decider;
}

/** The same one for the same skills, so that what it said of a call can be used again. */
const madeBefore = new WeakMap<PolicyDecider, Map<string, PolicyDecider>>();

function decidedWith(
  policy: PolicyDecider,
  skills: readonly LoadedSkill[],
  digest: string,
): PolicyDecider {
  const version = digestOf([policy.version, digest]);
  const ignores = policy.ignoresArguments === true && !looksAtArguments(skills);
  return {
    ...(policy.ignoresArguments === undefined ? {} : { ignoresArguments: ignores }),
    version,
    decide: (facts, connector, principal) => {
      const decision = policy.decide(facts, connector, principal);
      const { tool, args } = facts;
      if (tool === undefined) return decision;
      const verdict = skillVerdict(skills, { tool, args }, housekeeping.has(tool));
      if (verdict === undefined) return decision;
      if (effects.indexOf(verdict.effect) <= effects.indexOf(decision.effect)) return decision;
      const ruleId = `skill/${verdict.skill}`;
      return {
        ...decision,
        effect: verdict.effect,
        ruleId,
        matched: [...decision.matched, ruleId],
        reason: verdict.reason,
        policyVersion: version,
      };
    },
  };
}

/** The skills that an agent has loaded, and those that it works for, each as it was then. */
export function loadedSkills(
  events: readonly StoredEvent[],
  { agentPath }: Scope,
): readonly LoadedSkill[] {
  return [...loadedFold(events, Number.MAX_SAFE_INTEGER, agentPath).values()];
}

const loadedFold = carriedFold((agentPath) => {
  const state = new Map<string, LoadedSkill>();
  const add = (event: StoredEvent): void => {
    if (event.type !== "skill.loaded") return;
    const owner = pathOf(event);
    const isAbove =
      owner === undefined || owner === agentPath || agentPath?.startsWith(`${owner}/`) === true;
    if (!isAbove) return;
    const { name, digest, allowedTools, disallowedTools, approvalTools } = event;
    state.set(`${name} ${digest}`, {
      name,
      digest,
      ...(allowedTools === undefined ? {} : { allowedTools }),
      disallowedTools,
      approvalTools,
    });
  };
  return { state, add };
});
