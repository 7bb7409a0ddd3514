import type { Readable } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { type ErrorData, toAgent33Error } from "../../base/errors.ts";
import type { ExitStatus, SpawnedProcess, SpawnProcess } from "../../boundary/hands.ts";
import { type OutputFile, openOutputFile } from "./output-file.ts";
import { type OutputTail, outputTail } from "./output-tail.ts";

/** A command to run to its end. */
export interface CommandRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  /** A file that gets the output as it comes, within a limit. */
  readonly outputTo?: string;
  readonly signal?: AbortSignal;
}

export type CommandEnd =
  | { readonly kind: "exited"; readonly status: ExitStatus }
  | { readonly kind: "timeout" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "not_started"; readonly error: ErrorData };

export interface CommandResult {
  readonly end: CommandEnd;
  /** Standard output and standard error as they came, bounded; the end is kept. */
  readonly output: string;
  /** Standard output alone, bounded in the same way. */
  readonly stdout: string;
  readonly durationMs: number;
}

/** Starts commands where the work is, with what it takes there, and runs them to their end. */
export type CommandRunner = (
  command: readonly [string, ...string[]],
  limits: Pick<CommandRequest, "timeoutMs" | "signal">,
) => Promise<CommandResult>;

/** Commands in a folder of this machine. */
export function commandsIn(
  place: Pick<CommandRequest, "cwd" | "env" | "spawn" | "clock">,
): CommandRunner {
  return ([command, ...args], limits) => runCommand({ ...place, ...limits, command, args });
}

/** How long output may still come after the command has ended; a child of its may hold the pipe. */
const drainMs = 1_000;

/**
 * Runs a command to its end and ends whatever it leaves behind. What the command does is data; a
 * failure to start is an end, too.
 * @throws Agent33Error `sandbox.kill_failed` when something that it started cannot be ended
 */
export async function runCommand(request: CommandRequest): Promise<CommandResult> {
  const { clock, signal } = request;
  const startedAt = clock.monotonic();
  const output = outputTail();
  const stdout = outputTail();
  const finish = (end: CommandEnd): CommandResult => ({
    end,
    output: output.text(),
    stdout: stdout.text(),
    durationMs: clock.monotonic() - startedAt,
  });
  if (signal?.aborted) return finish({ kind: "cancelled" });
  let child: SpawnedProcess;
  try {
    const { command, args, cwd, env } = request;
    child = await request.spawn({ command, args, cwd, env });
  } catch (error) {
    return finish({ kind: "not_started", error: toAgent33Error(error).toJSON() });
  }
  // A command that never reads its input may close it first: writing nothing to it then fails.
  child.stdin.on("error", ignoreBrokenPipe);
  child.stdin.end();
  const file = request.outputTo === undefined ? undefined : openOutputFile(request.outputTo);
  const both: readonly (OutputTail | OutputFile)[] = file === undefined ? [output] : [output, file];
  try {
    const drained = Promise.all([
      collect(child.stdout, ...both, stdout),
      collect(child.stderr, ...both),
    ]);
    const end = await race(child, request);
    if (end.kind === "exited") await within(drainMs, drained, clock);
    // After an exit this ends what the command left behind.
    await child.kill(end.kind === "exited" ? 0 : undefined);
    return finish(end);
  } finally {
    file?.close();
  }
}

function ignoreBrokenPipe(): void {
  // Nothing was to be written.
}

async function race(child: SpawnedProcess, request: CommandRequest): Promise<CommandEnd> {
  const { clock, signal, timeoutMs } = request;
  const over = new AbortController();
  const cancelled = Promise.withResolvers<CommandEnd>();
  const onAbort = () => cancelled.resolve({ kind: "cancelled" });
  signal?.addEventListener("abort", onAbort, { once: true });
  // It may have been aborted while the program was being started.
  if (signal?.aborted) onAbort();
  const timeout = clock.sleep(timeoutMs, over.signal).then(
    (): CommandEnd => ({ kind: "timeout" }),
    // Only our own abort ends the sleep early, and by then the race is decided.
    (): CommandEnd => ({ kind: "cancelled" }),
  );
  const exited = child.exited.then((status): CommandEnd => ({ kind: "exited", status }));
  try {
    return await Promise.race([exited, cancelled.promise, timeout]);
  } finally {
    over.abort();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Waits for `work`, but no longer than `limitMs`. */
async function within(limitMs: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  const over = new AbortController();
  const limit = clock.sleep(limitMs, over.signal).catch(() => undefined);
  await Promise.race([work, limit]);
  over.abort();
}

function collect(stream: Readable, ...into: readonly Pick<OutputTail, "push">[]): Promise<void> {
  return new Promise((resolve) => {
    stream.on("data", (chunk: Uint8Array) => {
      for (const output of into) output.push(chunk);
    });
    stream.once("close", resolve);
    // A stream that breaks has said what it could; the exit status tells the rest.
    stream.once("error", () => resolve());
  });
}
