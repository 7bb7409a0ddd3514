import { type Handoff, handoffOf } from "../context/handoff.ts";
import type { StoredEvent } from "../events/event.ts";
import { loadTokenCounter } from "../models/tokens.ts";
import type { Run } from "../store/repositories/runs.ts";
import { parseRunSpec } from "./run-spec.ts";

/**
 * What a run leaves to whoever goes on with its work.
 * @throws Agent33Error `engine.malformed_run`
 */
export async function runHandoff(
  { id, spec }: Pick<Run, "id" | "spec">,
  events: readonly StoredEvent[],
): Promise<Handoff> {
  const { checks, judge } = parseRunSpec(id, spec);
  const checked = [
    ...checks.map(({ command }) => `The work is checked with: ${command.join(" ")}`),
    ...(judge === null ? [] : [`The work is judged by: ${judge.criteria}`]),
  ];
  return handoffOf(events, checked, await loadTokenCounter());
}
