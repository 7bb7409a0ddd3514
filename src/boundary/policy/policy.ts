import type { Principal } from "../../base/principal.ts";
import type { Network } from "../egress/address.ts";
import type { CallFacts, Decision, DecisionEffect, SessionRule, ShadowEffect } from "../types.ts";
import type { CompiledKey, PolicyCall } from "./keys.ts";
import type { LoadedRule } from "./pack.ts";
import type { PolicyMode } from "./schema.ts";

/** How strict each word is: deny > ask > allow, whichever rule is the more specific. */
export const strictness: Readonly<Record<DecisionEffect, number>> = { allow: 0, ask: 1, deny: 2 };

/** A rule of the policy, with its place in the order in which the first one is named. */
export interface CompiledRule extends LoadedRule {
  readonly order: number;
  /** `<pack>/<id>`. */
  readonly ruleId: string;
  readonly pack: string;
  readonly mode: PolicyMode;
  readonly keys: readonly CompiledKey[];
  /** What is known beforehand of a rule that depends on earlier calls. */
  readonly session?: SessionRule;
  /** Keys of the call that the rule waits for. */
  readonly awaited?: readonly CompiledKey[];
  /**
   * The least public network that an allow or ask rule opens, by naming it. What no matching rule
   * opens stays shut, whatever else is allowed: a rule that says nothing of addresses was not
   * written with this machine's neighbours in mind.
   */
  readonly opens: Network;
  readonly matches: (call: PolicyCall) => boolean;
}

/** What holds where no rule matches. */
export interface PolicyDefault {
  readonly effect: DecisionEffect;
  /** `<pack>/default`, of the first of the strictest packs. */
  readonly ruleId: string;
  readonly pack: string;
  /** The default of a pack in dry-run, which counts beside this one. */
  readonly dryRun?: string;
  /** Defaults of packs in shadow. */
  readonly shadow: readonly ShadowEffect[];
}

/** Several packs as one policy. Immutable; a changed policy is compiled anew and swapped. */
export interface CompiledPolicy {
  /** SHA-256 of all that can change a decision or its reason. */
  readonly version: string;
  readonly packs: readonly string[];
  readonly rules: readonly CompiledRule[];
  readonly default: PolicyDefault;
  /** Whether no rule has anything that could look at a call's arguments. */
  readonly ignoresArguments: boolean;
  /**
   * What the policy says about one call; never throws, reads nothing but its parameters.
   * Strictest effect first; `ruleId` is the first rule in file order that has it.
   */
  decide(facts: CallFacts, connectorId: string, principal: Principal): Decision;
}
