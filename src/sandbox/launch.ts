import { existsSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { isAgent33Error } from "../base/errors.ts";
import { type ChildEnd, runChild } from "./child.ts";
import { startMark } from "./limits.ts";
import { createOutputCapture } from "./output-capture.ts";
import type { Processes } from "./process.ts";
import { sandboxUnavailable } from "./refusal.ts";
import type { SandboxRefusal, SandboxResult } from "./sandbox.ts";

/** A sandbox's program, with everything decided. */
export interface Launch {
  readonly spawn: Processes["spawn"];
  readonly clock: Clock;
  /** The program and its arguments; somewhere in them the command behind its limits. */
  readonly program: readonly [string, ...string[]];
  /** What the program reads from its descriptors 3, 4, 5 and so on. */
  readonly inputs?: readonly Uint8Array[];
  readonly timeoutMs: number;
  readonly outputLimitBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface LaunchEnd extends ChildEnd {
  /** Whether the command itself was reached, with the isolation and all limits in place. */
  readonly started: boolean;
  /** What the sandbox and the limiter printed before that. */
  readonly said: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

const choom = "/usr/bin/choom";
const saidLimitBytes = 16_384;

/** When memory runs out the kernel shall end the command, and not the engine. */
export function endedFirst(program: Launch["program"]): Launch["program"] {
  return existsSync(choom) ? [choom, "-n", "1000", "--", ...program] : program;
}

/** Tells what a sandbox says of itself from what its command says, by the mark between the two. */
export interface MarkFinder {
  /** @returns what of a chunk of standard error comes from the command */
  push(chunk: Uint8Array): Uint8Array | undefined;
  readonly found: boolean;
  said(): string;
}

export function createMarkFinder(): MarkFinder {
  const mark = Buffer.from(startMark);
  let said = Buffer.alloc(0);
  let found = false;
  return {
    push: (chunk) => {
      if (found) return chunk;
      said = Buffer.concat([said, chunk]);
      const at = said.indexOf(mark);
      if (at >= 0) {
        found = true;
        const rest = said.subarray(at + mark.length);
        said = said.subarray(0, at);
        return rest;
      }
      if (said.length > saidLimitBytes) said = said.subarray(said.length - saidLimitBytes);
      return undefined;
    },
    get found() {
      return found;
    },
    said: () => said.toString("utf8").trim(),
  };
}

/**
 * Starts a sandbox's program and follows it to its end.
 * @throws Agent33Error `sandbox.spawn_failed`, `sandbox.kill_failed`; the signal's reason when it
 * aborted
 */
export async function launch(plan: Launch): Promise<LaunchEnd> {
  const [command, ...args] = endedFirst(plan.program);
  const stdout = createOutputCapture(plan.outputLimitBytes);
  const stderr = createOutputCapture(plan.outputLimitBytes);
  const mark = createMarkFinder();
  const end = await runChild(plan.spawn, plan.clock, {
    command,
    args,
    inputs: plan.inputs ?? [],
    timeoutMs: plan.timeoutMs,
    ...(plan.signal === undefined ? {} : { signal: plan.signal }),
    onStdout: (chunk) => stdout.push(chunk),
    onStderr: (chunk) => {
      const own = mark.push(chunk);
      if (own !== undefined) stderr.push(own);
    },
  });
  return {
    ...end,
    started: mark.found,
    said: mark.said(),
    stdout: stdout.text(),
    stderr: stderr.text(),
    truncated: stdout.truncated || stderr.truncated,
  };
}

/** What a driver's program means by the ways in which it does not start a command. */
export interface LaunchFailures {
  /** @param failure `sandbox.spawn_failed` */
  notStarted(failure: Error & { readonly details?: unknown }): SandboxRefusal;
  /** @param ended how it ended, in words: `exit code 1` */
  refused(said: string, ended: string): SandboxRefusal;
}

/**
 * The result of a command that was started; anything else is an error that says why it was not.
 * @throws Agent33Error `sandbox.unavailable`, and whatever else `launching` throws
 */
export async function resultOf(
  launching: () => Promise<LaunchEnd>,
  failures: LaunchFailures,
): Promise<SandboxResult> {
  let end: LaunchEnd;
  try {
    end = await launching();
  } catch (error) {
    const notStarted = isAgent33Error(error) && error.code === "sandbox.spawn_failed";
    throw notStarted ? sandboxUnavailable(failures.notStarted(error)) : error;
  }
  const { started, said, ...result } = end;
  if (!started) throw sandboxUnavailable(failures.refused(said, describeEnd(end)));
  return result;
}

/** How a program ended, in words. */
export function describeEnd({
  timedOut,
  exitCode,
  signal,
}: Pick<ChildEnd, "timedOut" | "exitCode" | "signal">): string {
  if (timedOut) return "no answer in time";
  return exitCode === null ? `signal ${signal ?? "unknown"}` : `exit code ${exitCode}`;
}
