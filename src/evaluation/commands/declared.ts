import type { CommandEnd, CommandResult } from "./run-command.ts";

/** Runs a command that a file of settings declares, to its end; what it does is data. */
export type DeclaredRunner = (
  command: readonly [string, ...string[]],
  options: {
    /** Absolute. */
    readonly cwd: string;
    /** Given besides PATH, HOME and their like. */
    readonly env: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  },
) => Promise<CommandResult>;

/**
 * Why a command's end is not the one that was expected, in a sentence each.
 * @param within how long it was given, in words: `30 min`
 */
export function endProblems(end: CommandEnd, within: string, exitCode = 0): readonly string[] {
  switch (end.kind) {
    case "exited":
      if (end.status.code === exitCode) return [];
      return [`it ended with ${end.status.code ?? end.status.signal ?? "a signal"}`];
    case "timeout":
      return [`it did not end within ${within}`];
    case "cancelled":
      return ["it was cancelled"];
    case "not_started":
      return [end.error.message];
  }
}
