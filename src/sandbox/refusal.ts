import { Agent33Error } from "../base/errors.ts";
import type { SandboxRefusal } from "./sandbox.ts";

/** A refusal, and what a program prints when it is meant. */
export interface KnownRefusal extends SandboxRefusal {
  readonly says: RegExp;
}

/**
 * Why a sandbox's program did not start a command.
 * @param known what the program prints on systems that refuse, in the order to be tried
 * @param said what it printed
 * @param ended how it ended, in words: `exit code 1`
 */
export function explain(
  program: string,
  known: readonly KnownRefusal[],
  said: string,
  ended: string,
): SandboxRefusal {
  const found = known.find((refusal) => refusal.says.test(said));
  const reason = found?.reason ?? `${program} failed with ${ended}.`;
  return {
    reason: said === "" ? reason : `${reason} It said: ${said}`,
    hint: found?.hint ?? `Run the command that ${program} refuses by hand to see more.`,
  };
}

/** The refusal as an error: nothing was run, because it could not have been run in a sandbox. */
export function sandboxUnavailable({ reason, hint }: SandboxRefusal): Agent33Error {
  return new Agent33Error(
    "sandbox.unavailable",
    `The command was not run, because it cannot be sandboxed here. ${reason}`,
    { hint },
  );
}

/** Why there is no sandbox on a machine of another kind. */
export function wrongMachine(platform: string, architecture: string): SandboxRefusal {
  if (platform !== "linux") {
    return {
      reason: "The sandbox needs Linux: it is built on what that kernel isolates.",
      hint: "Run AGENT-33 on Linux or in a Linux virtual machine.",
    };
  }
  return {
    reason: `There is no filter of system calls for this processor, ${architecture}.`,
    hint: "Run AGENT-33 on x86-64 or arm64.",
  };
}
