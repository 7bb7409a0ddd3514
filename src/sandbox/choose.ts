import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { createBwrapSandbox } from "./bwrap.ts";
import { createDockerSandbox } from "./docker.ts";
import { createGvisorSandbox } from "./gvisor.ts";
import type { Processes } from "./process.ts";
import { type Sandbox, type SandboxDriver, sandboxDrivers, type SandboxProbe } from "./sandbox.ts";

/** What the settings can ask for: one way, the first that works, or none. */
export const sandboxChoices = ["auto", ...sandboxDrivers, "none"] as const;
export type SandboxChoice = (typeof sandboxChoices)[number];

/** In the order in which `auto` tries them: those that need no service and no image. */
const automatic: readonly SandboxDriver[] = ["bubblewrap", "gvisor"];

/** The sandbox of this machine, or why there is none. */
export type ChosenSandbox =
  | {
      readonly probe: Extract<SandboxProbe, { readonly available: true }>;
      readonly sandbox: Sandbox;
    }
  | { readonly probe: Extract<SandboxProbe, { readonly available: false }> };

const names: Readonly<Record<SandboxDriver, string>> = {
  bubblewrap: "bubblewrap",
  gvisor: "gVisor",
  docker: "Docker",
};

/**
 * Tries what the settings ask for.
 * @param workspace without one, only the machine is looked at
 */
export async function chooseSandbox(
  choice: SandboxChoice,
  drivers: Readonly<Record<SandboxDriver, Sandbox>>,
  workspace?: string,
): Promise<ChosenSandbox> {
  if (choice === "none") {
    return {
      probe: {
        available: false,
        reason: "The setting sandbox.driver is none.",
        hint: "Set sandbox.driver to auto to run commands in a sandbox. There is no way to run them without one.",
      },
    };
  }
  const reasons: string[] = [];
  const hints: string[] = [];
  for (const driver of choice === "auto" ? automatic : [choice]) {
    const sandbox = drivers[driver];
    const probe = await sandbox.probe(workspace);
    if (probe.available) return { probe, sandbox };
    reasons.push(choice === "auto" ? `${names[driver]}: ${probe.reason}` : probe.reason);
    hints.push(choice === "auto" ? `${names[driver]}: ${probe.hint}` : probe.hint);
  }
  return { probe: { available: false, reason: reasons.join(" "), hint: hints.join(" ") } };
}

export interface DriverOptions {
  readonly spawn: Processes["spawn"];
  readonly clock: Clock;
  /** The folders of PATH. */
  readonly pathEntries: readonly string[];
  /** The socket that Docker's engine listens on. */
  readonly dockerSocket: string;
  /** The image that commands run in in Docker. */
  readonly image: string;
}

/** Every driver there is. Making one starts nothing. */
export function createSandboxes(options: DriverOptions): Readonly<Record<SandboxDriver, Sandbox>> {
  const { spawn, clock, pathEntries, dockerSocket, image } = options;
  const command = (name: string): string => programPath(name, pathEntries);
  return {
    bubblewrap: createBwrapSandbox({ spawn, clock, command: command("bwrap") }),
    gvisor: createGvisorSandbox({ spawn, clock, command: command("runsc") }),
    docker: createDockerSandbox({ clock, socketPath: dockerSocket, image }),
  };
}

/** Where a program is, or where it would be: starting it then says that it is not there. */
export function programPath(name: string, pathEntries: readonly string[]): string {
  const places = pathEntries.filter(isAbsolute).map((folder) => join(folder, name));
  return places.find((path) => existsSync(path)) ?? places[0] ?? join("/usr/bin", name);
}
