import { chmodSync, existsSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testGrant } from "../../test/support/egress.ts";
import { createBwrapSandbox } from "./bwrap.ts";
import { createGvisorSandbox } from "./gvisor.ts";
import { createProcesses } from "./process.ts";
import type { Sandbox, SandboxProbe } from "./sandbox.ts";

/** A driver that the tests can really run here, or the reason why not. */
export interface RealDriver {
  readonly sandbox: Sandbox;
  readonly probed: SandboxProbe;
  /** A title that says why its tests are skipped, where they are. */
  readonly title: string;
}

const grant = testGrant("finds out which sandboxes work here", { spawn: true });

/** Its children, of which none may be left after a test. */
export const processes = createProcesses();
const { spawn } = processes;

async function realDriver(sandbox: Sandbox): Promise<RealDriver> {
  const probed = await grant.run(() => sandbox.probe());
  const title = probed.available ? sandbox.driver : `${sandbox.driver} (skipped: ${probed.reason})`;
  return { sandbox, probed, title };
}

export const realBubblewrap = (): Promise<RealDriver> => realDriver(createBwrapSandbox({ spawn }));
export const realGvisor = (): Promise<RealDriver> => realDriver(createGvisorSandbox({ spawn }));

/** A workspace of our own, or one that every user may write: root leaves its rights for that one. */
export function makeWorkspace(open = false): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-sandbox-")));
  if (open) chmodSync(folder, 0o777);
  return folder;
}

/** A title that says what its tests lack on this machine, where they are skipped for it. */
export function titleUnless(title: string, ...lacks: readonly (string | false)[]): string {
  const lacking = lacks.filter((one) => one !== false);
  return lacking.length === 0 ? title : `${title} (skipped: ${lacking.join("; ")})`;
}

/** What many probes are written in: every Debian has it. */
export const perlIsThere = existsSync("/usr/bin/perl");
export const noPerl = !perlIsThere && "there is no /usr/bin/perl";
