import { digestOf } from "../base/digest.ts";
import type { Decision, PolicyDecider } from "../boundary/types.ts";
import type { Lock } from "../config/lock.ts";
import { offeredName } from "../connectors/mcp/tool-name.ts";

/** The rules that speak for the lock file. */
export const pinRules = { changed: "settings/mcp-tool-changed", new: "settings/mcp-tool-new" };

const reasons = {
  changed: "The tool's definition is not the one that was pinned.",
  new: "Other tools of the server are pinned, and this one is not.",
};

/**
 * A policy that besides asks about every tool of a pinned server that is not what was pinned:
 * whatever a pack allows, it allowed the tool that somebody had looked at.
 */
export function withPins(policy: PolicyDecider, { servers }: Lock): PolicyDecider {
  const pins = new Map(
    Object.entries(servers).map(([server, tools]) => [
      `mcp:${server}`,
      new Map(
        Object.entries(tools).map(([name, { digest }]) => [offeredName(server, name), digest]),
      ),
    ]),
  );
  if (pins.size === 0) return policy;
  return {
    ...(policy.ignoresArguments === undefined ? {} : { ignoresArguments: policy.ignoresArguments }),
    version: digestOf([policy.version, digestOf(servers)]),
    decide: (facts, connector, principal) => {
      const decision = policy.decide(facts, connector, principal);
      const pinned = facts.operation === "tools/call" ? pins.get(connector) : undefined;
      if (pinned === undefined || facts.tool === undefined) return decision;
      const digest = pinned.get(facts.tool);
      if (digest !== undefined && digest === facts.toolDigest) return decision;
      return decision.effect === "allow"
        ? asked(decision, digest === undefined ? "new" : "changed")
        : decision;
    },
  };
}

function asked(decision: Decision, why: keyof typeof pinRules): Decision {
  const ruleId = pinRules[why];
  return {
    ...decision,
    effect: "ask",
    ruleId,
    matched: [...decision.matched, ruleId],
    reason: reasons[why],
  };
}
