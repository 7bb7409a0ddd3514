import type { Agent33Error } from "../base/errors.ts";
import { explain, type KnownRefusal } from "./refusal.ts";
import type { SandboxRefusal } from "./sandbox.ts";

/** What bubblewrap prints on systems that refuse, in the order in which they are to be tried. */
const refusals: readonly KnownRefusal[] = [
  // Said by what bubblewrap is started through.
  { says: /failed to execute \S+: No such file|^env: .*No such file/i, ...notInstalled() },
  {
    says: /seccomp/i,
    reason: "The kernel does not take the filter of system calls.",
    hint: "The sandbox needs a kernel with seccomp filters (CONFIG_SECCOMP_FILTER).",
  },
  {
    says: /resource limit|ulimit:/i,
    reason: "A limit of the sandbox cannot be set.",
    hint: "Compare the limits asked for with what ulimit -aH prints.",
  },
  {
    says: /RTM_NEWADDR|setting up uid map: Permission denied/i,
    reason: "AppArmor forbids unprivileged user namespaces.",
    hint: "Load AppArmor's profile bwrap-userns-restrict, or set kernel.apparmor_restrict_unprivileged_userns=0.",
  },
  {
    says: /ENOSPC|No space left on device|max_\S*_namespaces/i,
    reason: "The kernel's limit on user namespaces is reached or is 0.",
    hint: "Raise user.max_user_namespaces with sysctl.",
  },
  {
    says: /No permissions to create(?: a)? new namespace|Creating new namespace failed|Operation not permitted/i,
    reason: "The system does not let this process create namespaces.",
    hint: "In a container, allow them in its seccomp profile; elsewhere set kernel.unprivileged_userns_clone=1.",
  },
  {
    says: /Unknown option|unrecognized option/i,
    reason: "This bubblewrap is too old: it lacks a flag that the isolation needs.",
    hint: "Install bubblewrap 0.8 or newer.",
  },
];

/**
 * Why bubblewrap did not start a command.
 * @param said what it printed
 * @param ended how it ended, in words: `exit code 1`
 */
export function explainRefusal(said: string, ended: string): SandboxRefusal {
  return explain("bubblewrap", refusals, said, ended);
}

/** Why bubblewrap itself could not be started, from the spawn's error. */
export function explainNotStarted(failure: Agent33Error): SandboxRefusal {
  if (failure.details?.["reason"] === "ENOENT") return notInstalled();
  return {
    reason: failure.message,
    hint: failure.hint ?? "Check that bubblewrap can be executed.",
  };
}

function notInstalled(): SandboxRefusal {
  return {
    reason: "bubblewrap is not installed.",
    hint: "Install it with the system's package manager, for example apt install bubblewrap.",
  };
}
