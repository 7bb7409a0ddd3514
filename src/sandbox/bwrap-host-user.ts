import { existsSync, statSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { runChild } from "./bwrap-child.ts";
import type { Processes } from "./process.ts";

/** As whom, on the host, the sandbox runs. */
export interface HostUser {
  /** What to put before a command so that it runs as that user: empty for our own. */
  readonly prefix: readonly string[];
  /** What to tell the person who runs the engine, if anything. */
  readonly notice?: string;
}

export interface HostUserQuestion {
  readonly spawn: Processes["spawn"];
  readonly clock: Clock;
  /** Our own user, as the system numbers them. */
  readonly ownId: number | undefined;
  readonly workspace?: string;
  readonly nodePath: string;
}

const setpriv = "/usr/bin/setpriv";
const nobodyId = 65_534;

/** Whether a user can work here: node can be started, and everything at hand be read and written. */
const trial = `[ -x "$0" ] || exit 1
[ $# -eq 0 ] && exit 0
cd "$1" && [ -r . ] && [ -w . ] || exit 1
for entry in * .[!.]*; do
  [ -L "$entry" ] || [ ! -e "$entry" ] || { [ -r "$entry" ] && [ -w "$entry" ]; } || exit 1
done`;

/**
 * Chooses the user. An ordinary one stays who it is. For root, which no limit on processes holds,
 * it is the workspace's owner, or nobody where root owns it; but only a user who can do the work.
 * @throws Agent33Error `sandbox.kill_failed`
 */
export async function chooseHostUser(question: HostUserQuestion): Promise<HostUser> {
  const { ownId, workspace } = question;
  if (ownId !== 0) return { prefix: [] };
  const owner = workspace === undefined ? undefined : statSync(workspace);
  const [uid, gid] =
    owner === undefined || owner.uid === 0 ? [nobodyId, nobodyId] : [owner.uid, owner.gid];
  if (!existsSync(setpriv)) {
    return { prefix: [], notice: rootNotice("setpriv, which could change that, is not installed") };
  }
  const prefix = [setpriv, `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
  if (await canWork(prefix, question)) return { prefix };
  const why = `user ${uid} cannot read and write everything in the workspace and start Node`;
  return { prefix: [], notice: rootNotice(why) };
}

function rootNotice(why: string): string {
  return `Sandboxed commands run as root, because ${why}: the limit on processes does not bind. Run AGENT-33 as an ordinary user.`;
}

async function canWork(prefix: readonly string[], question: HostUserQuestion): Promise<boolean> {
  const { spawn, clock, workspace, nodePath } = question;
  const [command = setpriv, ...args] = [
    ...prefix,
    "/bin/sh",
    "-c",
    trial,
    nodePath,
    ...(workspace === undefined ? [] : [workspace]),
  ];
  const end = await runChild(spawn, clock, {
    command,
    args,
    timeoutMs: 5_000,
    onStdout: () => undefined,
    onStderr: () => undefined,
  });
  return end.exitCode === 0;
}
