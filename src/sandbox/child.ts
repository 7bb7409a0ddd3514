import type { Readable } from "node:stream";
import type { Clock } from "../base/clock.ts";
import type { Processes } from "./process.ts";
import { firstOf, within } from "./waiting.ts";

/** What is to be started, and for how long it may run. */
export interface ChildRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly inputs?: readonly Uint8Array[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onStdout: (chunk: Uint8Array) => void;
  readonly onStderr: (chunk: Uint8Array) => void;
}

export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

/** How long output may still come after the end; then nobody is left to write it. */
const drainMs = 1_000;

/**
 * Runs a helper program of the sandbox to its end, without any environment: the processes inside
 * can read that of bubblewrap in `/proc/1/environ`. Nothing of it is left when this returns.
 * @throws Agent33Error `sandbox.spawn_failed`, `sandbox.kill_failed`; the signal's reason when it
 * aborted
 */
export async function runChild(
  spawn: Processes["spawn"],
  clock: Clock,
  request: ChildRequest,
): Promise<ChildEnd> {
  const { command, args, inputs = [], timeoutMs, signal } = request;
  signal?.throwIfAborted();
  const startedAt = clock.monotonic();
  const child = await spawn({ command, args, cwd: "/", env: {}, inputs });
  child.stdin.end();
  const drained = Promise.all([
    collect(child.stdout, request.onStdout),
    collect(child.stderr, request.onStderr),
  ]);
  const how = await firstOf(child.exited, clock, timeoutMs, signal);
  await child.kill(0);
  const exit = await child.exited;
  await within(drainMs, drained, clock);
  if (how === "cancelled") signal?.throwIfAborted();
  return {
    // What a program reports that was killed at its time says nothing of the command.
    exitCode: how === "timeout" ? null : exit.code,
    signal: exit.signal,
    timedOut: how === "timeout",
    durationMs: clock.monotonic() - startedAt,
  };
}

function collect(stream: Readable, onChunk: (chunk: Uint8Array) => void): Promise<void> {
  return new Promise((resolve) => {
    stream.on("data", onChunk);
    stream.once("close", resolve);
    // A stream that breaks has said what it could; the exit status tells the rest.
    stream.once("error", () => resolve());
  });
}
