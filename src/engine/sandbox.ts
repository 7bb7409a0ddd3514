import { delimiter } from "node:path";
import type { Settings } from "../config/schema.ts";
import { type ChosenSandbox, chooseSandbox, createSandboxes } from "../sandbox/choose.ts";
import type { Processes } from "../sandbox/process.ts";
import { dockerProbeGrant, sandboxProbeGrant } from "./grants.ts";
import type { Host } from "./host.ts";

/**
 * The sandbox that the settings ask for, tried on this machine.
 * @param workspace without one, only the machine is looked at
 */
export async function findSandbox(
  { sandbox: { driver, dockerSocket, image } }: Settings,
  { env, clock }: Host,
  { spawn }: Processes,
  workspace?: string,
): Promise<ChosenSandbox> {
  const pathEntries = (env["PATH"] ?? "").split(delimiter);
  const drivers = createSandboxes({ spawn, clock, pathEntries, dockerSocket, image });
  if (driver !== "docker") {
    return sandboxProbeGrant.run(() => chooseSandbox(driver, drivers, workspace));
  }
  const grant = dockerProbeGrant(dockerSocket);
  try {
    return await grant.run(() => chooseSandbox(driver, drivers, workspace));
  } finally {
    grant.end();
  }
}
