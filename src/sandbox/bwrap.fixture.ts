import { readdirSync, readFileSync } from "node:fs";
import { testGrant } from "../../test/support/egress.ts";
import { createBwrapSandbox } from "./bwrap.ts";
import { probeSandbox } from "./bwrap-probe.ts";
import { createProcesses } from "./process.ts";
import { titleUnless } from "./sandbox.fixture.ts";
import type { SandboxRequest, SandboxResult } from "./sandbox.ts";

const grant = testGrant("finds out whether bubblewrap works here", { spawn: true });

/** Whether the tests with the real bubblewrap can run here; if not, the reason is in their name. */
export const probed = await grant.run(() => probeSandbox({ spawn: createProcesses().spawn }));

export const titleOf = (title: string, ...lacks: readonly (string | false)[]): string =>
  titleUnless(title, !probed.available && probed.reason, ...lacks);

export const processes = createProcesses();
export const sandbox = createBwrapSandbox({ spawn: processes.spawn });

export type Extras = Partial<Omit<SandboxRequest, "command" | "workspace">>;

/** Runs a shell script in the sandbox. */
export function sh(workspace: string, script: string, extras: Extras = {}): Promise<SandboxResult> {
  return sandbox.run({
    command: ["sh", "-c", script],
    workspace,
    timeoutMs: 20_000,
    outputLimitBytes: 64 * 1024,
    ...extras,
  });
}

/** Host processes with a text among their arguments, this one apart. */
export function processesWith(marker: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(marker);
      } catch {
        // It ended meanwhile.
        return false;
      }
    })
    .map(Number);
}
