import { Agent33Error } from "../base/errors.ts";

/** Why there is no sandbox, and what to do about it. */
export interface SandboxRefusal {
  readonly reason: string;
  readonly hint: string;
}

interface KnownRefusal extends SandboxRefusal {
  readonly says: RegExp;
}

/** What bubblewrap prints on systems that refuse, in the order in which they are to be tried. */
const refusals: readonly KnownRefusal[] = [
  // Said by what bubblewrap is started through.
  { says: /failed to execute \S+: No such file/i, ...notInstalled() },
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
  const known = refusals.find((refusal) => refusal.says.test(said));
  const reason = known?.reason ?? `bubblewrap failed with ${ended}.`;
  return {
    reason: said === "" ? reason : `${reason} It said: ${said}`,
    hint: known?.hint ?? "Run the command that bubblewrap refuses by hand to see more.",
  };
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

/** Why there is no sandbox on a machine of another kind. */
export function wrongMachine(platform: string, architecture: string): SandboxRefusal {
  if (platform !== "linux") {
    return {
      reason: "The sandbox needs Linux: it is built on bubblewrap.",
      hint: "Run AGENT-33 on Linux or in a Linux virtual machine.",
    };
  }
  return {
    reason: `There is no filter of system calls for this processor, ${architecture}.`,
    hint: "Run AGENT-33 on x86-64 or arm64.",
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
