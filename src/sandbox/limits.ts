import { existsSync, readFileSync } from "node:fs";
import type { SandboxLimits } from "./sandbox.ts";

/** What sets the limits: util-linux's `prlimit`, or the shell's own `ulimit`. */
export type Limiter = "prlimit" | "ulimit";

const prlimit = "/usr/bin/prlimit";

/** `prlimit` where this machine has it: the sandbox shows the same `/usr`. */
export function findLimiter(): Limiter {
  return existsSync(prlimit) ? "prlimit" : "ulimit";
}

/**
 * Written to standard error as the last thing before the command takes over: what is there without
 * it was said by the sandbox or by the limiter, and the command has not run.
 */
export const startMark = "\u0001agent33: the command starts\u0001\n";

/**
 * A command behind its limits, to be started inside the sandbox: processes are counted within the
 * sandbox's own user namespace then (Linux 5.14 and later), not among all that the user runs.
 */
export function limitedCommand(
  limiter: Limiter,
  limits: SandboxLimits,
  command: readonly string[],
): readonly string[] {
  const lowered = lowerThan(limits, hardLimits());
  if (limiter === "ulimit") {
    return ["/bin/sh", "-c", `${ulimits(lowered)} && ${start}`, startMark, ...command];
  }
  const { memoryBytes, fileSizeBytes, openFiles, processes, cpuSeconds } = lowered;
  return [
    prlimit,
    "--core=0",
    `--as=${inWords(memoryBytes)}`,
    `--fsize=${inWords(fileSizeBytes)}`,
    `--nofile=${inWords(openFiles)}`,
    `--nproc=${inWords(processes)}`,
    // SIGXCPU at the first tells why; SIGKILL follows at the second.
    `--cpu=${inWords(Math.max(cpuSeconds - 1, 1))}:${inWords(cpuSeconds)}`,
    "--",
    ...startCommand(command),
  ];
}

const start = `printf %s "$0" >&2 && exec "$@"`;

/** A command that is behind its limits already: only the mark comes before it. */
export function startCommand(command: readonly string[]): readonly string[] {
  return ["/bin/sh", "-c", start, startMark, ...command];
}

/** A long-lived process may have no limit of a kind, and the engine itself may have none. */
const inWords = (value: number): string => (Number.isFinite(value) ? String(value) : "unlimited");

/**
 * Units of POSIX (ulimit): 512 bytes for files; KiB for memory by common practice. The limit on
 * processes is -u in bash and -p in dash and ash, where it is something else in bash.
 */
function ulimits(limits: SandboxLimits): string {
  return [
    "ulimit -c 0",
    `ulimit -v ${inWords(Math.floor(limits.memoryBytes / 1024))}`,
    `ulimit -f ${inWords(Math.floor(limits.fileSizeBytes / 512))}`,
    `ulimit -n ${inWords(limits.openFiles)}`,
    `{ ulimit -u ${inWords(limits.processes)} 2>/dev/null || ulimit -p ${inWords(limits.processes)}; }`,
    `ulimit -t ${inWords(limits.cpuSeconds)}`,
  ].join(" && ");
}

/** What this process itself may not exceed: nothing below it can ask for more. */
function hardLimits(): SandboxLimits {
  const text = readFileSync("/proc/self/limits", "utf8");
  // Columns: name, soft limit, hard limit, unit; proc_pid_limits(5).
  const hard = (name: string): number => {
    const value = new RegExp(`^${name}\\s+\\S+\\s+(\\d+)`, "m").exec(text)?.[1];
    return value === undefined ? Number.POSITIVE_INFINITY : Number(value);
  };
  return {
    memoryBytes: hard("Max address space"),
    fileSizeBytes: hard("Max file size"),
    openFiles: hard("Max open files"),
    processes: hard("Max processes"),
    cpuSeconds: hard("Max cpu time"),
  };
}

function lowerThan(wanted: SandboxLimits, hard: SandboxLimits): SandboxLimits {
  const least = (name: keyof SandboxLimits): number =>
    Math.floor(Math.min(wanted[name], hard[name]));
  return {
    memoryBytes: least("memoryBytes"),
    fileSizeBytes: least("fileSizeBytes"),
    openFiles: least("openFiles"),
    processes: least("processes"),
    cpuSeconds: least("cpuSeconds"),
  };
}
