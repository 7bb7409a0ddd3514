import { existsSync } from "node:fs";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";

interface Reason {
  readonly says: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** What the system's answers to a spawn mean for the person who wrote the command. */
const reasons: Readonly<Record<string, Reason>> = {
  ENOENT: {
    says: "there is no such program",
    hint: "Check the spelling, and that the program is installed and on the PATH that it is given.",
  },
  EACCES: {
    says: "it may not be executed",
    hint: "Make the file executable (chmod +x), or start it through its interpreter.",
  },
  EPERM: {
    says: "the system does not permit it",
    hint: "Check the rights of the user that runs AGENT-33.",
  },
  ENOEXEC: {
    says: "it is not in a format that can be executed",
    hint: "A script needs a first line such as #!/usr/bin/env node.",
  },
  ENOTDIR: {
    says: "a part of its path is not a folder",
    hint: "Check the path of the program and of the folder to start in.",
  },
  E2BIG: {
    says: "its arguments and environment are too long",
    hint: "Pass long data in a file instead.",
  },
  EAGAIN: {
    says: "the system has no room for more processes",
    hint: "Wait for others to end, or raise the limit on processes.",
    retryable: true,
  },
  EMFILE: {
    says: "too many files are open",
    hint: "Close some, or raise the limit on open files.",
    retryable: true,
  },
};

/** Maps why a program did not start, once, to `sandbox.spawn_failed`. */
export function spawnFailed(
  request: { readonly command: string; readonly cwd: string },
  cause: unknown,
): Agent33Error {
  const code = systemCodeOf(cause) ?? "unknown";
  // The system says "no such file" for a missing folder too, and names the program.
  const folderMissing = code === "ENOENT" && !existsSync(request.cwd);
  const reason: Reason = folderMissing
    ? { says: `its folder ${request.cwd} does not exist`, hint: "Check the folder to start in." }
    : (reasons[code] ?? { says: messageOf(cause), hint: "Check the command and its arguments." });
  return new Agent33Error(
    "sandbox.spawn_failed",
    `Could not start "${request.command}": ${reason.says} (${code}).`,
    {
      hint: reason.hint,
      retryable: reason.retryable ?? false,
      details: { command: request.command, cwd: request.cwd, reason: code },
      cause,
    },
  );
}
