import { existsSync, statSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { runChild } from "./child.ts";
import type { Processes } from "./process.ts";

/** As whom, on the host, the sandbox runs. */
export interface HostUser {
  /** What to put before a command so that it runs as that user: empty for our own. */
  readonly prefix: readonly string[];
  /** Whether that is root, whom the ordinary limit on processes does not hold. */
  readonly isRoot: boolean;
  /** Who owns what is made for that user to write; absent for our own. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** What to tell the person who runs the engine, if anything. */
  readonly notice?: string;
}

export interface HostUserQuestion {
  readonly spawn: Processes["spawn"];
  readonly clock: Clock;
  /** Our own user, as the system numbers them. */
  readonly ownId: number | undefined;
  /** What must be read and written, absolute. */
  readonly writable: readonly string[];
  /** What must be read besides, absolute. */
  readonly readable: readonly string[];
  readonly nodePath: string;
}

const setpriv = "/usr/bin/setpriv";
const nobodyId = 65_534;

/** Whether a user can work here: node can be started, and everything at hand be read and written. */
const trial = `[ -x "$0" ] || exit 1
for given in "$@"; do
  path=\${given#?}
  case $given in r*) [ -r "$path" ] || exit 1; continue ;; esac
  cd "$path" && [ -r . ] && [ -w . ] || exit 1
  for entry in * .[!.]*; do
    [ -L "$entry" ] || [ ! -e "$entry" ] || { [ -r "$entry" ] && [ -w "$entry" ]; } || exit 1
  done
done`;

/**
 * Chooses the user. An ordinary one stays who it is. For root, which no limit on processes holds,
 * it is the owner of the first folder to write, or nobody where root owns it; but only a user who
 * can do the work.
 * @throws Agent33Error `sandbox.kill_failed`
 */
export async function chooseHostUser(question: HostUserQuestion): Promise<HostUser> {
  const { ownId, writable } = question;
  if (ownId !== 0) return { prefix: [], isRoot: false };
  const [first] = writable;
  const owner = first === undefined ? undefined : statSync(first);
  const [uid, gid] =
    owner === undefined || owner.uid === 0 ? [nobodyId, nobodyId] : [owner.uid, owner.gid];
  if (!existsSync(setpriv)) {
    return {
      prefix: [],
      isRoot: true,
      notice: rootNotice("setpriv, which could change that, is not installed"),
    };
  }
  const prefix = [setpriv, `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
  if (await canWork(prefix, question)) {
    return { prefix, isRoot: false, owner: { uid, gid } };
  }
  const why = `user ${uid} cannot read and write everything in the workspace, read all that is shown besides and start Node`;
  return { prefix: [], isRoot: true, notice: rootNotice(why) };
}

function rootNotice(why: string): string {
  return `Sandboxed commands run as root, because ${why}. Run AGENT-33 as an ordinary user.`;
}

async function canWork(prefix: readonly string[], question: HostUserQuestion): Promise<boolean> {
  const { spawn, clock, writable, readable, nodePath } = question;
  const [command = setpriv, ...args] = [
    ...prefix,
    "/bin/sh",
    "-c",
    trial,
    nodePath,
    ...writable.map((path) => `w${path}`),
    ...readable.map((path) => `r${path}`),
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
