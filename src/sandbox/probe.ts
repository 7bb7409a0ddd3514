import type { Readable } from "node:stream";
import { type Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Processes } from "./process.ts";

/** Whether commands can be sandboxed on this machine, and if not, why and what to do. */
export type SandboxProbe =
  | { readonly available: true; readonly version: string }
  | { readonly available: false; readonly reason: string; readonly hint: string };

export interface ProbeOptions {
  readonly spawn: Processes["spawn"];
  /** The bubblewrap program. Default: `bwrap`, found on the usual folders. */
  readonly command?: string;
  readonly platform?: NodeJS.Platform;
  /** For each of the two starts, milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * The isolation that is asked for, with the real flags: some systems have the program and refuse
 * only when it is used. `--disable-userns` needs `--unshare-user` by name. The environment is empty
 * because /proc/1/environ inside shows what bubblewrap itself was given.
 */
const isolation = [
  "--unshare-user",
  "--unshare-ipc",
  "--unshare-pid",
  "--unshare-net",
  "--unshare-uts",
  "--unshare-cgroup-try",
  "--disable-userns",
  "--die-with-parent",
  "--new-session",
  "--cap-drop",
  "ALL",
  "--ro-bind",
  "/usr",
  "/usr",
  "--symlink",
  "usr/bin",
  "/bin",
  "--symlink",
  "usr/lib",
  "/lib",
  "--symlink",
  "usr/lib64",
  "/lib64",
  "--proc",
  "/proc",
  "--dev",
  "/dev",
  "--tmpfs",
  "/tmp",
  "--remount-ro",
  "/",
];

interface KnownRefusal {
  readonly says: RegExp;
  readonly reason: string;
  readonly hint: string;
}

/** What bubblewrap prints on systems that refuse, in the order in which they are to be tried. */
const refusals: readonly KnownRefusal[] = [
  {
    says: /RTM_NEWADDR|setting up uid map: Permission denied/i,
    reason: "AppArmor forbids unprivileged user namespaces.",
    hint: "Load AppArmor's profile bwrap-userns-restrict, or set kernel.apparmor_restrict_unprivileged_userns=0.",
  },
  {
    says: /No space left on device|max_user_namespaces/i,
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
 * Tries bubblewrap with the real flags. Never throws: that there is no sandbox is an answer.
 */
export async function probeSandbox(options: ProbeOptions): Promise<SandboxProbe> {
  if ((options.platform ?? process.platform) !== "linux") {
    return {
      available: false,
      reason: "The sandbox needs Linux: it is built on bubblewrap.",
      hint: "Run AGENT-33 on Linux or in a Linux virtual machine.",
    };
  }
  const version = await runOnce(options, ["--version"]);
  if (version.failure !== undefined) return notStarted(version.failure);
  const trial = await runOnce(options, [...isolation, "--", "/usr/bin/true"]);
  if (trial.failure !== undefined) return notStarted(trial.failure);
  if (trial.code === 0) {
    return { available: true, version: version.stdout.replace("bubblewrap", "").trim() };
  }
  const said = trial.stderr.trim();
  const known = refusals.find((refusal) => refusal.says.test(said));
  const reason = known?.reason ?? `bubblewrap failed with ${describeEnd(trial)}.`;
  return {
    available: false,
    reason: said === "" ? reason : `${reason} It said: ${said}`,
    hint: known?.hint ?? "Run the command that bubblewrap refuses by hand to see more.",
  };
}

function notStarted(failure: Agent33Error): SandboxProbe {
  const missing = failure.details?.["reason"] === "ENOENT";
  return {
    available: false,
    reason: missing ? "bubblewrap is not installed." : failure.message,
    hint: missing
      ? "Install it with the system's package manager, for example apt install bubblewrap."
      : (failure.hint ?? "Check that bubblewrap can be executed."),
  };
}

interface Outcome {
  readonly failure?: Agent33Error;
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

async function runOnce(options: ProbeOptions, args: readonly string[]): Promise<Outcome> {
  try {
    const child = await options.spawn({
      command: options.command ?? "bwrap",
      args,
      cwd: "/",
      env: {},
    });
    let timedOut = false;
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => {
        timedOut = true;
        child.kill(0).then(resolve, reject);
      }, options.timeoutMs ?? 5_000);
    });
    const finished = Promise.all([readHead(child.stdout), readHead(child.stderr), child.exited]);
    // Whichever comes first, the output ends: a killed child's does too.
    await Promise.race([finished, overdue]);
    clearTimeout(timer);
    const [stdout, stderr, exit] = await finished;
    await child.kill(0);
    return { code: exit.code, timedOut, stdout, stderr };
  } catch (error) {
    return { failure: toAgent33Error(error), code: null, timedOut: false, stdout: "", stderr: "" };
  }
}

/** The first 4,000 characters; the rest is read and dropped, so that the writer is not held up. */
async function readHead(stream: Readable): Promise<string> {
  let head = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    if (head.length < 4_000) head += String(chunk).slice(0, 4_000 - head.length);
  }
  return head;
}

function describeEnd(outcome: Outcome): string {
  if (outcome.timedOut) return "no answer in time";
  return outcome.code === null ? "a signal" : `exit code ${outcome.code}`;
}
