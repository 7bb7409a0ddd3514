import { statSync } from "node:fs";
import { startCommand } from "./limits.ts";
import type { SandboxLimits } from "./sandbox.ts";
import type { OciSeccomp } from "./seccomp-oci.ts";
import { environmentInside, givenPaths, type SandboxView, startFolder } from "./view.ts";

export interface ContainerPlan {
  readonly image: string;
  /** What the image sets of itself, `NAME=VALUE`: none of it reaches the command. */
  readonly imageEnv: readonly string[];
  /** gVisor's, where this Docker has it; otherwise Docker's own. */
  readonly runtime: "runsc" | undefined;
  readonly view: Omit<SandboxView, "nodePath">;
  readonly limits: SandboxLimits;
  readonly seccomp: OciSeccomp;
  readonly command: readonly string[];
}

const nobodyId = 65_534;
/** The image has programs of its own, in the usual folders. */
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The body of Docker's `POST /containers/create` (Engine API 1.41 and later) for one command: no
 * network, nothing of the image or the host to write but the workspace and a bounded /tmp, no
 * capabilities, the same filter of system calls as elsewhere, limits that hold root too.
 * @throws Agent33Error `sandbox.folder_refused`, `sandbox.invalid_environment`
 */
export function containerBody(plan: ContainerPlan): Readonly<Record<string, unknown>> {
  const { image, imageEnv, runtime, view, limits, seccomp, command } = plan;
  const env: Readonly<Record<string, string>> = { ...environmentInside(view), ...pathOf(view) };
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  // A name without a value takes the image's variable away.
  const taken = imageEnv
    .map((entry) => entry.split("=")[0] ?? "")
    .filter((name) => name !== "" && !Object.hasOwn(env, name));
  return {
    Image: image,
    Entrypoint: [],
    Cmd: startCommand(command),
    Env: [...given, ...taken],
    User: userOf(view.writable[0]),
    WorkingDir: startFolder(view),
    Hostname: "sandbox",
    NetworkDisabled: true,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: false,
    Tty: false,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      ...(runtime === undefined ? {} : { Runtime: runtime }),
      NetworkMode: "none",
      IpcMode: "private",
      CgroupnsMode: "private",
      ReadonlyRootfs: true,
      Init: true,
      AutoRemove: false,
      Privileged: false,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true", `seccomp=${JSON.stringify(seccomp)}`],
      // Reserved for the whole container, and none of it can be swapped out.
      Memory: limits.memoryBytes,
      MemorySwap: limits.memoryBytes,
      PidsLimit: limits.processes,
      OomScoreAdj: 1_000,
      ShmSize: limits.fileSizeBytes,
      Ulimits: [
        ulimit("core", 0),
        ulimit("fsize", limits.fileSizeBytes),
        ulimit("nofile", limits.openFiles),
        { Name: "cpu", Soft: Math.max(limits.cpuSeconds - 1, 1), Hard: limits.cpuSeconds },
      ],
      Tmpfs: { "/tmp": `rw,nosuid,nodev,mode=1777,size=${view.tmpBytes}` },
      Mounts: givenPaths(view).map(({ kind, from, path: target }) => ({
        Type: "bind",
        Source: from,
        Target: target,
        ReadOnly: kind !== "bind",
        BindOptions: { Propagation: "rprivate" },
      })),
      // The output is read as it comes; kept as well, a flood of it would fill the disk.
      LogConfig: { Type: "none" },
    },
  };
}

const ulimit = (name: string, value: number): object => ({ Name: name, Soft: value, Hard: value });

function pathOf({ env = {} }: Omit<SandboxView, "nodePath">): Readonly<Record<string, string>> {
  return { PATH: env["PATH"] ?? path };
}

/** The workspace's owner; where that is root and everybody may write, nobody. */
function userOf(workspace: string | undefined): string {
  if (workspace === undefined) return `${nobodyId}:${nobodyId}`;
  const { uid, gid, mode } = statSync(workspace);
  return uid === 0 && (mode & 0o002) !== 0 ? `${nobodyId}:${nobodyId}` : `${uid}:${gid}`;
}
