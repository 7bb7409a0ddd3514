import type { Agent33Error } from "../base/errors.ts";
import { explain, type KnownRefusal } from "./refusal.ts";
import type { SandboxRefusal } from "./sandbox.ts";

const notInstalled: SandboxRefusal = {
  reason: "gVisor is not installed.",
  hint: "Install its program runsc with the system's package manager, for example apt install runsc.",
};

/** What `runsc` prints on systems that refuse, in the order in which they are to be tried. */
const refusals: readonly KnownRefusal[] = [
  { says: /failed to execute \S+: No such file/i, ...notInstalled },
  {
    says: /resource limit|ulimit:/i,
    reason: "A limit of the sandbox cannot be set.",
    hint: "Compare the limits asked for with what ulimit -aH prints.",
  },
  {
    says: /flag provided but not defined|unknown platform/i,
    reason: "This gVisor does not know an option that the isolation needs.",
    hint: "Install a gVisor of 2022 or newer.",
  },
  {
    says: /no space left on device/i,
    reason: "The kernel's limit on user namespaces is reached or is 0, or the disk is full.",
    hint: "Raise user.max_user_namespaces with sysctl.",
  },
  {
    says: /operation not permitted|permission denied/i,
    reason: "The system does not let this process create namespaces.",
    hint: "Allow unprivileged user namespaces: kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu, a seccomp profile that permits them in a container.",
  },
];

/** Why gVisor did not start a command, from what it printed and how it ended. */
export function explainGvisorRefusal(said: string, ended: string): SandboxRefusal {
  return explain("gVisor", refusals, said, ended);
}

/** Why gVisor itself could not be started, from the spawn's error. */
export function explainGvisorNotStarted(failure: Agent33Error): SandboxRefusal {
  if (failure.details?.["reason"] === "ENOENT") return notInstalled;
  return { reason: failure.message, hint: failure.hint ?? "Check that runsc can be executed." };
}
