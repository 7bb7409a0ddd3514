import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { JsonObject } from "../../../src/base/json.ts";
import { type CliProcess, startCli } from "../../support/cli.ts";

/** One `agent33 work`. */
export interface Worker {
  readonly pid: number;
  readonly cli: CliProcess;
  kill(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM"): void;
  /** What it printed so far, and what it complained of. */
  news(): readonly JsonObject[];
  complaints(): string;
  readonly isAlive: boolean;
}

export function startWorker(folder: string): Worker {
  const cli = startCli(["work", "--concurrency", "3", "--json"], { cwd: folder });
  let out = "";
  let err = "";
  cli.child.stdout?.on("data", (chunk: string) => (out += chunk));
  cli.child.stderr?.on("data", (chunk: string) => (err += chunk));
  const { pid } = cli.child;
  if (pid === undefined) throw new Error("the worker did not start");
  return {
    pid,
    cli,
    kill: (signal) => void cli.child.kill(signal),
    news: () =>
      out
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as JsonObject),
    complaints: () => err,
    get isAlive() {
      return cli.child.exitCode === null && cli.child.signalCode === null;
    },
  };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly words: string;
}

/** Processes that name the folder or work in it, besides those below the given ones. */
export function strays(folder: string, below: readonly number[]): readonly string[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readOne(Number(pid)) ?? []);
  const family = new Set([process.pid, ...below]);
  for (let grew = true; grew; ) {
    const before = family.size;
    for (const { pid, parent } of all)
      if (family.has(parent) && parent !== process.pid) family.add(pid);
    grew = family.size > before;
  }
  return all
    .filter(({ pid, words }) => !family.has(pid) && words.includes(folder))
    .map(({ pid, words }) => `${pid} ${words.slice(0, 120)}`);
}

function readOne(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if ("ZXx".includes(fields[0] ?? "")) return undefined;
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return {
      pid,
      parent: Number(fields[1]),
      words: `${words} ${readlinkSync(`/proc/${pid}/cwd`)}`,
    };
  } catch {
    // It ended while it was looked at, or is the kernel's own.
    return undefined;
  }
}

/** Time of the processor that a process has used. Milliseconds, at the usual 100 ticks a second. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Polls until a condition holds; false when it does not in time. */
export async function eventually(holds: () => boolean, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs;
  while (performance.now() < until) {
    if (holds()) return true;
    await delay(25);
  }
  return holds();
}
