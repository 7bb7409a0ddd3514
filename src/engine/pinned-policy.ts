import { digestOf } from "../base/digest.ts";
import type { CallFacts, Decision, PolicyDecider } from "../boundary/types.ts";
import type { Lock } from "../config/lock.ts";
import { offeredName } from "../connectors/mcp/tool-name.ts";

/** The rules that speak for the definitions of servers' tools. */
export const pinRules = {
  changed: "settings/mcp-tool-changed",
  new: "settings/mcp-tool-new",
  changedInRun: "settings/mcp-tool-changed-in-run",
};

const reasons = {
  changed: "The tool's definition is not the one that was pinned.",
  new: "Other tools of the server are pinned, and this one is not.",
};

/** What a run knows of the definitions of its servers' tools. */
export interface RunTools {
  /** A tool's digest as the run began with it. */
  began(tool: string): string | undefined;
  /** Whether a person has said yes to this definition in this run. */
  accepted(tool: string, digest: string): boolean;
  /** What is different now, in sentences. */
  difference(tool: string): string;
}

/**
 * A policy that besides asks about every tool of a server that is not what people have looked at:
 * of a pinned server whatever is not what was pinned, of any other what has changed since the run
 * began. Whatever a pack allows, it allowed the tool that somebody had seen.
 */
export function withPins(
  policy: PolicyDecider,
  { servers }: Lock,
  run: RunTools = unchanging,
): PolicyDecider {
  const pins = new Map(
    Object.entries(servers).map(([server, tools]) => [
      `mcp:${server}`,
      new Map(
        Object.entries(tools).map(([name, { digest }]) => [offeredName(server, name), digest]),
      ),
    ]),
  );
  const whyAsk = (connector: string, tool: string, digest: string | undefined) => {
    const pinned = pins.get(connector);
    if (pinned !== undefined) {
      const pin = pinned.get(tool);
      if (pin !== undefined && pin === digest) return undefined;
      return pin === undefined
        ? { ruleId: pinRules.new, reason: reasons.new }
        : { ruleId: pinRules.changed, reason: `${reasons.changed} ${run.difference(tool)}`.trim() };
    }
    const began = run.began(tool);
    if (began === undefined || digest === undefined || began === digest) return undefined;
    if (run.accepted(tool, digest)) return undefined;
    const reason = `The tool's definition has changed since the run began: it was ${shown(began)} and is ${shown(digest)}. ${run.difference(tool)}`;
    return { ruleId: pinRules.changedInRun, reason };
  };
  return {
    ...(policy.ignoresArguments === undefined ? {} : { ignoresArguments: policy.ignoresArguments }),
    version: pins.size === 0 ? policy.version : digestOf([policy.version, digestOf(servers)]),
    decide: (facts, connector, principal) => {
      const decision = policy.decide(facts, connector, principal);
      if (decision.effect !== "allow" || !isServerTool(facts, connector)) return decision;
      const why = whyAsk(connector, facts.tool ?? "", facts.toolDigest);
      return why === undefined ? decision : asked(decision, why);
    },
  };
}

const unchanging: RunTools = {
  began: () => undefined,
  accepted: () => false,
  difference: () => "",
};

function isServerTool({ operation, tool }: CallFacts, connector: string): boolean {
  return operation === "tools/call" && tool !== undefined && connector.startsWith("mcp:");
}

/** Enough of a digest to tell it from another. */
function shown(digest: string): string {
  return digest.slice(0, 16);
}

function asked(
  decision: Decision,
  { ruleId, reason }: { readonly ruleId: string; readonly reason: string },
): Decision {
  return { ...decision, effect: "ask", ruleId, matched: [...decision.matched, ruleId], reason };
}
