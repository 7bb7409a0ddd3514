import { type Clock, systemClock } from "../base/clock.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import { bwrapStart } from "./bwrap-arguments.ts";
import { explainNotStarted, explainRefusal } from "./bwrap-refusal.ts";
import { runChild } from "./child.ts";
import { chooseHostUser } from "./host-user.ts";
import { describeEnd, launch } from "./launch.ts";
import { findLimiter, type Limiter, limitedCommand } from "./limits.ts";
import { createOutputCapture } from "./output-capture.ts";
import type { Processes } from "./process.ts";
import { canBoundProcesses, unboundNotice } from "./process-cgroup.ts";
import { wrongMachine } from "./refusal.ts";
import { sandboxLimits, type SandboxProbe } from "./sandbox.ts";
import { seccompFilter } from "./seccomp.ts";
import { shownPath, workspaceView } from "./view.ts";

/** What is known of this machine's bubblewrap. */
export type BwrapProbe =
  | (Extract<SandboxProbe, { readonly available: true }> & {
      /** What sets the limits of a command. */
      readonly limiter: Limiter;
    })
  | Extract<SandboxProbe, { readonly available: false }>;

export interface ProbeOptions {
  readonly spawn: Processes["spawn"];
  readonly clock?: Clock;
  /** The bubblewrap program. Default: `bwrap`, found on the usual folders. */
  readonly command?: string;
  /** The workspace that commands are to run in. Without one, only the machine is looked at. */
  readonly workspace?: string;
  readonly nodePath?: string;
  readonly limiter?: Limiter;
  readonly platform?: NodeJS.Platform;
  readonly architecture?: string;
  /** For each start, milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * Runs `true` as a command is run, with every flag, the filter and the limits: some systems have
 * bubblewrap and refuse only when it is used. Never throws: that there is no sandbox is an answer.
 */
export async function probeSandbox(options: ProbeOptions): Promise<BwrapProbe> {
  try {
    return await probe(options);
  } catch (thrown) {
    const error = toAgent33Error(thrown);
    if (error.code === "sandbox.spawn_failed") {
      return { available: false, ...explainNotStarted(error) };
    }
    const hint = error.hint ?? "Try again.";
    return { available: false, reason: error.message, hint };
  }
}

async function probe(options: ProbeOptions): Promise<BwrapProbe> {
  const { spawn, clock = systemClock, command: bwrap = "bwrap", workspace } = options;
  const { nodePath = process.execPath, limiter = findLimiter(), timeoutMs = 5_000 } = options;
  const { platform = process.platform, architecture = process.arch } = options;
  const filter = platform === "linux" ? seccompFilter(architecture) : undefined;
  if (filter === undefined) return { available: false, ...wrongMachine(platform, architecture) };
  const version = await versionOf(bwrap, spawn, clock, timeoutMs);
  const folder = workspace === undefined ? undefined : shownPath(workspace);
  const writable = folder === undefined ? [] : [folder];
  const ownId = process.getuid?.();
  const hostUser = await chooseHostUser({ spawn, clock, ownId, nodePath, writable, readable: [] });
  const limits = sandboxLimits({ timeoutMs });
  const place = { nodePath, tmpBytes: limits.fileSizeBytes };
  const view = { ...workspaceView({ workspace: folder }, place), filter };
  const { args, inputs } = bwrapStart(view, limitedCommand(limiter, limits, ["true"]));
  const [first = bwrap, ...rest] = [...hostUser.prefix, bwrap, ...args];
  const program = [first, ...rest] as const;
  const end = await launch({
    spawn,
    clock,
    program,
    inputs,
    timeoutMs,
    outputLimitBytes: 4_096,
  });
  if (!end.started || end.exitCode !== 0) {
    const said = end.started ? end.stderr.trim() : end.said;
    return { available: false, ...explainRefusal(said, describeEnd(end)) };
  }
  return {
    available: true,
    driver: "bubblewrap",
    version,
    limiter,
    notices: [
      ...(hostUser.notice === undefined ? [] : [hostUser.notice]),
      ...(hostUser.isRoot && !(await canBoundProcesses(clock)) ? [unboundNotice] : []),
      ...(limiter === "prlimit"
        ? []
        : ["Limits are set through the shell's ulimit, because prlimit is not installed."]),
    ],
  };
}

async function versionOf(
  command: string,
  spawn: Processes["spawn"],
  clock: Clock,
  timeoutMs: number,
): Promise<string> {
  const stdout = createOutputCapture(1_024);
  const end = await runChild(spawn, clock, {
    command,
    args: ["--version"],
    timeoutMs,
    onStdout: (chunk) => stdout.push(chunk),
    onStderr: () => undefined,
  });
  if (end.exitCode !== 0) {
    throw new Agent33Error(
      "sandbox.unavailable",
      `bubblewrap did not tell its version: ${describeEnd(end)}.`,
      { hint: `Run ${command} --version by hand to see more.` },
    );
  }
  return stdout.text().replace("bubblewrap", "").trim();
}
