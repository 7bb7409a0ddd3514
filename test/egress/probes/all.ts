import { lateProbes } from "./late.ts";
import { networkProbes } from "./network.ts";
import type { Probe } from "./probe.ts";
import { processProbes } from "./processes.ts";

/** Every way out that is tried. */
export const probes: readonly Probe[] = [...networkProbes, ...processProbes, ...lateProbes];
