import type { Agent33Error } from "../base/errors.ts";
import type { RunOutcome } from "../events/event.ts";
import { isWrongInput } from "../engine/wrong-input.ts";

/** What the program's exit says. One table for all commands. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  refuted: 2,
  /** Wrong words on the command line, or in a file or setting (sysexits.h EX_USAGE). */
  usage: 64,
  /** Waits for a person; resume it later (sysexits.h EX_TEMPFAIL). */
  parked: 75,
  /** Interrupted: 128 and SIGINT. */
  cancelled: 130,
  /** Whoever read the output went away: 128 and SIGPIPE. */
  brokenPipe: 141,
} as const;

/** The exit code of a run that ended or was parked. */
export function exitCodeOf(outcome: RunOutcome | "parked"): number {
  switch (outcome) {
    case "verified":
    case "unverified":
      return exitCodes.ok;
    case "failed":
      return exitCodes.failed;
    case "refuted":
      return exitCodes.refuted;
    case "parked":
      return exitCodes.parked;
    case "cancelled":
      return exitCodes.cancelled;
  }
}

/**
 * The exit code of a replay. Results that are others now say no to what the log says, as hidden
 * tests do to what an agent says.
 */
export function exitCodeOfReplay({ ended, differs }: { ended: boolean; differs: boolean }): number {
  if (differs) return exitCodes.refuted;
  return ended ? exitCodes.ok : exitCodes.failed;
}

/** The exit code for an error that ended a command. */
export function exitCodeOfError(error: Agent33Error): number {
  if (error.code === "boundary.cancelled") return exitCodes.cancelled;
  return isWrongInput(error) ? exitCodes.usage : exitCodes.failed;
}
