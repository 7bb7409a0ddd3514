import type { NewSignal } from "../learning/signal.ts";
import type { LastCheck } from "../store/last-check.ts";

const shown = 3;

/** What people are told of a reading of all of the store that found damage. */
export function damageLine({ problems }: LastCheck): string {
  const first = problems.slice(0, shown).join("; ");
  return `the store is damaged (${problems.length} findings): ${first}. End what uses it and run \`agent33 store recover\`.`;
}

/**
 * The incident that the store itself remembers, for whoever did not see the warning; it gets an
 * intake by rule. Each reading that finds it again makes it a repeat.
 */
export function damageSignal({ at, rows, problems }: LastCheck): NewSignal {
  return {
    type: "incident",
    severity: "high",
    summary: "The store was found damaged by the reading of all of it",
    details: [...problems.slice(0, 20), "End what uses it and run `agent33 store recover`."]
      .join("\n")
      .slice(0, 4_000),
    source: "engine:store",
    context: { rows: String(rows), findings: String(problems.length) },
    idempotencyKey: `check:${at}`,
    at,
  };
}
