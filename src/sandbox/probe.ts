import { type Clock, systemClock } from "../base/clock.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import { sandboxLimits } from "./bwrap.ts";
import { shownPath } from "./bwrap-arguments.ts";
import { runChild } from "./bwrap-child.ts";
import { chooseHostUser } from "./bwrap-host-user.ts";
import { describeEnd, launch } from "./bwrap-launch.ts";
import { findLimiter, type Limiter } from "./bwrap-limits.ts";
import { explainNotStarted, explainRefusal, wrongMachine } from "./bwrap-refusal.ts";
import { createOutputCapture } from "./bwrap-output.ts";
import type { Processes } from "./process.ts";
import { seccompFilter } from "./seccomp.ts";

/** Whether commands can be sandboxed on this machine, and if not, why and what to do. */
export type SandboxProbe =
  | {
      readonly available: true;
      readonly version: string;
      /** What sets the limits of a command. */
      readonly limiter: Limiter;
      /** What is weaker than it should be, for the person who runs the engine. */
      readonly notices: readonly string[];
    }
  | { readonly available: false; readonly reason: string; readonly hint: string };

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
export async function probeSandbox(options: ProbeOptions): Promise<SandboxProbe> {
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

async function probe(options: ProbeOptions): Promise<SandboxProbe> {
  const { spawn, clock = systemClock, command: bwrap = "bwrap", workspace } = options;
  const { nodePath = process.execPath, limiter = findLimiter(), timeoutMs = 5_000 } = options;
  const { platform = process.platform, architecture = process.arch } = options;
  const filter = platform === "linux" ? seccompFilter(architecture) : undefined;
  if (filter === undefined) return { available: false, ...wrongMachine(platform, architecture) };
  const version = await versionOf(bwrap, spawn, clock, timeoutMs);
  const where = workspace === undefined ? {} : { workspace: shownPath(workspace) };
  const ownId = process.getuid?.();
  const hostUser = await chooseHostUser({ spawn, clock, ownId, nodePath, ...where });
  const limits = sandboxLimits({ timeoutMs });
  const end = await launch({
    spawn,
    clock,
    bwrap,
    hostUser,
    limiter,
    limits,
    timeoutMs,
    outputLimitBytes: 4_096,
    view: { readOnlyBinds: [], nodePath, tmpBytes: limits.fileSizeBytes, filter, ...where },
    command: ["true"],
  });
  if (!end.started || end.exitCode !== 0) {
    const said = end.started ? end.stderr.trim() : end.said;
    return { available: false, ...explainRefusal(said, describeEnd(end)) };
  }
  return {
    available: true,
    version,
    limiter,
    notices: [
      ...(hostUser.notice === undefined ? [] : [hostUser.notice]),
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
