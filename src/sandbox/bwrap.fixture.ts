import { chmodSync, mkdtempSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testGrant } from "../../test/support/egress.ts";
import { createBwrapSandbox } from "./bwrap.ts";
import { probeSandbox } from "./bwrap-probe.ts";
import { createProcesses } from "./process.ts";
import type { SandboxRequest, SandboxResult } from "./sandbox.ts";

const grant = testGrant("finds out whether bubblewrap works here", { spawn: true });

/** Whether the tests with the real bubblewrap can run here; if not, the reason is in their name. */
export const probed = await grant.run(() => probeSandbox({ spawn: createProcesses().spawn }));

export const titleOf = (title: string): string =>
  probed.available ? title : `${title} (skipped: ${probed.reason})`;

/** A workspace of our own, or one that every user may write: root leaves its rights for that one. */
export function makeWorkspace(open = false): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-sandbox-")));
  if (open) chmodSync(folder, 0o777);
  return folder;
}

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
