import type { Effect } from "../base/effect.ts";
import { Agent33Error, type ErrorData, toAgent33Error } from "../base/errors.ts";
import { isJsonObject, toJsonValue } from "../base/json.ts";
import { suggestName } from "../base/nearest.ts";
import type { Principal } from "../base/principal.ts";
import type { Redactor } from "../base/redact.ts";
import type { BreakerState } from "../boundary/breaker.ts";
import type { CallFacts, DecisionEffect, PolicyDecider } from "../boundary/types.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";
import type { Asker } from "./asker.ts";
import { type Surface, type SurfaceParts, surfacesOf } from "./surfaces.ts";

/** What policy says of the calls of one effect; of several the strictest. */
export interface InventoryDecision {
  readonly effect: Effect;
  readonly decision: DecisionEffect;
  readonly rule: string;
  /** The call that it was said of: its tool or its operation. */
  readonly call: string;
}

/** The newest call that failed. */
export interface InventoryFailure {
  readonly callId: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly operation: string;
  readonly code: string;
  readonly message: string;
}

/** One thing that a run could go out through, and how it stands with it. */
export interface InventoryItem {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** Why it cannot be used, if it cannot. */
  readonly problem: ErrorData | null;
  readonly policy: readonly InventoryDecision[];
  /** The worst of its breakers. */
  readonly breaker: BreakerState;
  readonly lastError: InventoryFailure | null;
  /** Null of what is no program. */
  readonly confined: boolean | null;
  readonly note: string | null;
}

/** What came of looking whether one of them works. */
export interface InventoryCheck {
  readonly id: string;
  readonly name: string;
  readonly state: "ok" | "failed" | "not checked";
  readonly detail: string;
  readonly error: ErrorData | null;
}

/** Everything that a run could go out through. */
export interface Inventory {
  /** All, or those of these ids or names. Nothing is called. @throws Agent33Error `engine.unknown_connector` */
  list(names?: readonly string[]): Promise<readonly InventoryItem[]>;
  /**
   * Makes the harmless call of each, side by side; one that fails keeps none from being made.
   * @param by whose calls they are; default: the settings' user
   * @throws Agent33Error `engine.unknown_connector`
   */
  check(names?: readonly string[], by?: Asker): Promise<readonly InventoryCheck[]>;
}

export interface InventoryParts extends SurfaceParts {
  readonly policy: () => PolicyDecider;
  readonly audit: Pick<SyncTenantStore["audit"], "lastFailures">;
  readonly redactor: Redactor;
}

export function createInventory(parts: InventoryParts): Inventory {
  const { tenant, user } = parts.settings;
  const decide = (facts: CallFacts, id: string, principal: Principal = { tenant, user }) =>
    parts.policy().decide(facts, id, principal);
  const chosen = async (names: readonly string[] = []): Promise<readonly Surface[]> => {
    const surfaces = await surfacesOf(parts);
    const fits = ({ id, name }: Surface, wanted: string) => id === wanted || name === wanted;
    for (const name of names) {
      if (surfaces.some((surface) => fits(surface, name))) continue;
      const known = surfaces.flatMap(({ id, name }) => [id, name]);
      throw new Agent33Error("engine.unknown_connector", `There is no connector "${name}".`, {
        hint: suggestName(name, known),
      });
    }
    return names.length === 0
      ? surfaces
      : surfaces.filter((surface) => names.some((name) => fits(surface, name)));
  };

  /** What others say in their errors may repeat what they were sent. */
  const hidden = <T extends InventoryItem | InventoryCheck>(item: T): T =>
    parts.redactor.value(toJsonValue(item)) as unknown as T;

  const policyOf = ({ id, calls }: Surface): readonly InventoryDecision[] => {
    const byEffect = new Map<Effect, InventoryDecision>();
    for (const facts of calls) {
      const { effect: decision, ruleId: rule } = decide(facts, id);
      const known = byEffect.get(facts.effect);
      if (known !== undefined && strictness[known.decision] >= strictness[decision]) continue;
      const call = facts.tool ?? facts.operation;
      byEffect.set(facts.effect, { effect: facts.effect, decision, rule, call });
    }
    return [...byEffect.values()];
  };

  const check = async (surface: Surface, by?: Asker): Promise<InventoryCheck> => {
    const principal = { tenant, user, ...by };
    const { id, name, check: how, problem } = surface;
    const failed = (error: Agent33Error): InventoryCheck => {
      return { id, name, state: "failed", detail: error.message, error: error.toJSON() };
    };
    const unchecked = (detail: string): InventoryCheck => {
      return { id, name, state: "not checked", detail, error: null };
    };
    if (problem !== undefined) return failed(problem);
    if (typeof how === "string") return unchecked(how);
    const decision =
      how.facts === undefined ? undefined : decide(how.facts, how.id ?? id, principal);
    // A question would stay open after the check, and be answered for nothing.
    if (decision?.effect === "ask")
      return unchecked(`Policy asks a person first (${decision.ruleId}).`);
    try {
      const outcome = await how.run(principal);
      if (!outcome.ok) return failed(outcome.error);
      return { id, name, state: "ok", detail: outcome.value, error: null };
    } catch (error) {
      return failed(toAgent33Error(error));
    }
  };

  return {
    list: async (names) => {
      const surfaces = await chosen(names);
      const failures = parts.audit.lastFailures();
      const breakers = parts.boundary.breakers();
      const items = surfaces.map((surface): InventoryItem => {
        const { id, kind, name, problem, confined = null, note = null } = surface;
        const states = breakers
          .filter(({ key }) => key.startsWith(`${id}|`))
          .map(({ state, forced }) => forced?.state ?? state);
        const failure = failures.find(({ connector }) => connector === id);
        return {
          id,
          kind,
          name,
          problem: problem?.toJSON() ?? null,
          policy: policyOf(surface),
          breaker: worstFirst.find((state) => states.includes(state)) ?? "closed",
          lastError: failure === undefined ? null : failureOf(failure),
          confined,
          note,
        };
      });
      return items.map(hidden);
    },
    check: async (names, by) => {
      const surfaces = await chosen(names);
      return (await Promise.all(surfaces.map((surface) => check(surface, by)))).map(hidden);
    },
  };
}

const strictness: Readonly<Record<DecisionEffect, number>> = { allow: 0, ask: 1, deny: 2 };
const worstFirst: readonly BreakerState[] = ["open", "half_open"];

type StoredFailure = ReturnType<InventoryParts["audit"]["lastFailures"]>[number];

function failureOf({ callId, at, operation, outcome, record }: StoredFailure): InventoryFailure {
  const { error } = record;
  const message = isJsonObject(error) ? error["message"] : undefined;
  const said = typeof message === "string" ? message : "";
  return { callId, at, operation, code: outcome, message: said };
}
