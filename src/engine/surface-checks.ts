import type { GateCheck } from "../evaluation/gates/verdict.ts";
import {
  type OpenSurface,
  type ProbeVerdict,
  runSurface,
  type SurfaceRun,
} from "./capability-surface.ts";
import type { Host } from "./host.ts";

/** Who is told of probes while a gate runs them, and what ends them. */
export type ProbeWatch = Pick<SurfaceRun, "signal" | "onEnd">;

/**
 * Runs the probes that a gate asks for: a check that blocks for each. They look at what is checked
 * out now, whatever job is judged.
 * @throws whatever the signal was stopped with: half a surface says nothing
 */
export async function surfaceChecks(
  host: Pick<Host, "clock" | "env" | "nodePath">,
  surface: OpenSurface | undefined,
  watch: ProbeWatch = {},
): Promise<readonly GateCheck[]> {
  if (surface === undefined) return [];
  const { probes } = await runSurface(host, surface, watch);
  watch.signal?.throwIfAborted();
  return probes.map(checkOf);
}

function checkOf({ id, promise, owner, outcome, problems }: ProbeVerdict): GateCheck {
  return {
    kind: "surface",
    name: id,
    condition: null,
    outcome,
    action: "block",
    message: [`${promise} (owner ${owner})`, ...problems].join("; "),
  };
}
