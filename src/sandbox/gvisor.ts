import { existsSync } from "node:fs";
import { basename } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import { runChild } from "./child.ts";
import { makeGvisorBundle } from "./gvisor-bundle.ts";
import { explainGvisorNotStarted, explainGvisorRefusal } from "./gvisor-refusal.ts";
import { chooseHostUser } from "./host-user.ts";
import { describeEnd, type LaunchEnd, launch, resultOf } from "./launch.ts";
import { findLimiter, limitedCommand } from "./limits.ts";
import { createOutputCapture } from "./output-capture.ts";
import type { Processes } from "./process.ts";
import { sandboxUnavailable, wrongMachine } from "./refusal.ts";
import { type Sandbox, sandboxLimits, type SandboxProbe, type SandboxRequest } from "./sandbox.ts";
import { ociSeccomp } from "./seccomp-oci.ts";
import { shownPath, workspaceView } from "./view.ts";

export interface GvisorOptions {
  readonly spawn: Processes["spawn"];
  readonly clock?: Clock;
  /** gVisor's program. Default: `runsc`, found on the usual folders. */
  readonly command?: string;
  /** The Node program that `node` starts inside. Default: this process's. */
  readonly nodePath?: string;
}

const setpriv = "/usr/bin/setpriv";
const gibibyte = 1024 ** 3;
const probeTimeoutMs = 20_000;

/**
 * Commands in gVisor: a kernel in user space answers their system calls, so that they do not reach
 * that of the host. As an ordinary user, without a network, with the same view and the same limits
 * as in bubblewrap. Linux on x86-64 and arm64.
 */
export function createGvisorSandbox(options: GvisorOptions): Sandbox {
  const { spawn, clock = systemClock, command: runsc = "runsc" } = options;
  const { nodePath = process.execPath } = options;
  const limiter = findLimiter();

  const runInside = async (
    request: Omit<SandboxRequest, "workspace"> & { readonly workspace?: string },
  ): Promise<LaunchEnd> => {
    const seccomp = process.platform === "linux" ? ociSeccomp(process.arch) : undefined;
    if (seccomp === undefined) {
      throw sandboxUnavailable(wrongMachine(process.platform, process.arch));
    }
    const workspace = request.workspace === undefined ? undefined : shownPath(request.workspace);
    const { timeoutMs, outputLimitBytes, signal } = request;
    const limits = sandboxLimits(request);
    const place = { nodePath, tmpBytes: limits.fileSizeBytes };
    const view = workspaceView({ ...request, workspace }, place);
    const ownId = process.getuid?.();
    const { writable, readOnly: readable } = view;
    const question = { spawn, clock, ownId, writable, readable, nodePath };
    const hostUser = await chooseHostUser(question);
    const limited = limitedCommand(limiter, limits, request.command);
    const bundle = makeGvisorBundle(view, seccomp, hostUser, limited);
    try {
      const start = runscStart(runsc, bundle.folder, bundle.state);
      const bounded = withHostBounds(hostUser.prefix, memoryFileBytes(limits.memoryBytes), start);
      const program = bounded;
      return await launch({ spawn, clock, program, timeoutMs, outputLimitBytes, signal });
    } finally {
      bundle.remove();
    }
  };

  return {
    driver: "gvisor",
    probe: async (workspace) => {
      try {
        const where = workspace === undefined ? {} : { workspace };
        return await probe(runsc, spawn, clock, () =>
          runInside({
            command: ["sh", "-c", "ls -d / >/dev/null 2>&1 || echo old"],
            timeoutMs: probeTimeoutMs,
            outputLimitBytes: 4_096,
            ...where,
          }),
        );
      } catch (thrown) {
        const error = toAgent33Error(thrown);
        if (error.code === "sandbox.spawn_failed") {
          return { available: false, ...explainGvisorNotStarted(error) };
        }
        return { available: false, reason: error.message, hint: error.hint ?? "Try again." };
      }
    },
    run: (request) =>
      resultOf(() => runInside(request), {
        notStarted: explainGvisorNotStarted,
        refused: explainGvisorRefusal,
      }),
  };
}

/**
 * The platform is left to gVisor: it is `ptrace` in old versions, and `systrap` in those that have
 * it. Control groups are not for an ordinary user to make. The sandbox's name is also that of a
 * socket, which all on this machine share.
 */
function runscStart(runsc: string, bundle: string, state: string): readonly [string, ...string[]] {
  const flags = ["--rootless", "--network=none", "--ignore-cgroups", "--oci-seccomp"];
  return [runsc, `--root=${state}`, ...flags, "run", `--bundle=${bundle}`, basename(bundle)];
}

/**
 * As the host's user, dying with the engine, and with a bound on the one file that holds the memory
 * of everything inside.
 */
function withHostBounds(
  prefix: readonly string[],
  memoryBytes: number,
  start: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  const dying = existsSync(setpriv) ? [setpriv, "--pdeathsig=KILL", "--"] : [];
  const prlimit = "/usr/bin/prlimit";
  const bound = existsSync(prlimit) ? [prlimit, `--fsize=${memoryBytes}`, "--"] : [];
  const [first, ...rest] = [...prefix, ...dying, ...bound, ...start];
  return first === undefined ? start : [first, ...rest];
}

/** gVisor takes its memory in pieces of 1 GiB. */
function memoryFileBytes(memoryBytes: number): number {
  return (Math.ceil(memoryBytes / gibibyte) + 1) * gibibyte;
}

async function probe(
  runsc: string,
  spawn: Processes["spawn"],
  clock: Clock,
  tryIt: () => Promise<LaunchEnd>,
): Promise<SandboxProbe> {
  const version = await versionOf(runsc, spawn, clock);
  const end = await tryIt();
  if (!end.started || end.exitCode !== 0) {
    const said = end.started ? end.stderr.trim() : end.said;
    return { available: false, ...explainGvisorRefusal(said, describeEnd(end)) };
  }
  const notices =
    end.stdout === ""
      ? []
      : [
          "This gVisor is too old for the system's own programs: ls and stat fail in it. Install a newer one.",
        ];
  return { available: true, driver: "gvisor", version, notices };
}

async function versionOf(runsc: string, spawn: Processes["spawn"], clock: Clock): Promise<string> {
  const stdout = createOutputCapture(1_024);
  const end = await runChild(spawn, clock, {
    command: runsc,
    args: ["--version"],
    timeoutMs: probeTimeoutMs,
    onStdout: (chunk) => stdout.push(chunk),
    onStderr: () => undefined,
  });
  if (end.exitCode !== 0) {
    throw new Agent33Error(
      "sandbox.unavailable",
      `gVisor did not tell its version: ${describeEnd(end)}.`,
      { hint: `Run ${runsc} --version by hand to see more.` },
    );
  }
  return /^runsc version (\S+)/m.exec(stdout.text())?.[1] ?? "of unknown version";
}
