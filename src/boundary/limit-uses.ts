import type { LimitUse, LimitUses } from "./ports.ts";

interface Entry {
  readonly at: number;
  amount: number;
  used: boolean;
}

/** Uses of limits in memory: they are forgotten with the process. */
export function createLimitUses(): LimitUses {
  const counts = new Map<string, Map<string, Entry>>();
  const keyOf = (ruleId: string, scope: string) => `${ruleId}\n${scope}`;
  const entryOf = ({ ruleId, scope, callId }: LimitUse) =>
    counts.get(keyOf(ruleId, scope))?.get(callId);

  const usage: LimitUses["usage"] = (ruleId, scope, since) => {
    let [calls, amount, held] = [0, 0, 0];
    for (const entry of counts.get(keyOf(ruleId, scope))?.values() ?? []) {
      if (entry.at < since) continue;
      calls += 1;
      amount += entry.amount;
      if (!entry.used) held += 1;
    }
    return { calls, amount, held };
  };

  return {
    usage,
    hold: ({ at, amount = 0, ...use }, { quantity, most, since }) => {
      if (entryOf(use) !== undefined) return { granted: true };
      const used = usage(use.ruleId, use.scope, since)[quantity];
      // Written so that what is no number lets nothing pass.
      if (!(used + (quantity === "calls" ? 1 : amount) <= most)) return { granted: false };
      const key = keyOf(use.ruleId, use.scope);
      const entries = counts.get(key) ?? new Map<string, Entry>();
      for (const [callId, entry] of entries) if (entry.at < since) entries.delete(callId);
      counts.set(key, entries.set(use.callId, { at, amount, used: false }));
      return { granted: true };
    },
    use: (use, amount) => {
      const entry = entryOf(use);
      if (entry === undefined || entry.used) return;
      entry.used = true;
      entry.amount = amount ?? entry.amount;
    },
    release: (use) => {
      if (entryOf(use)?.used === false) {
        counts.get(keyOf(use.ruleId, use.scope))?.delete(use.callId);
      }
    },
  };
}
