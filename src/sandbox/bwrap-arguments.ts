import { existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { Agent33Error } from "../base/errors.ts";

/** What a sandboxed command can see of the machine. */
export interface SandboxView {
  /** Read and written at its own path; the command starts in it. Without one, in `/`. */
  readonly workspace?: string;
  /** Files and folders that can be read at their own paths. */
  readonly readOnlyBinds: readonly string[];
  /** The Node program that `node` starts inside. */
  readonly nodePath: string;
  readonly tmpBytes: number;
  /** The filter of system calls. */
  readonly filter: Uint8Array;
}

/** Arguments for bubblewrap, and what it reads from its descriptors 3, 4, 5 and so on. */
export interface BwrapStart {
  readonly args: readonly string[];
  readonly inputs: readonly Uint8Array[];
}

/** The user inside. Files of all others show as owned by nobody, 65534. */
const insideId = "1000";
const nodeFolder = "/opt/node";
const environment = {
  PATH: `${nodeFolder}/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin`,
  HOME: "/tmp",
  LANG: "C.UTF-8",
  TERM: "dumb",
};

/** Programs and libraries, wherever a system keeps them: links into /usr, or folders. */
const rootFolders = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/** What programs need of /etc to be found, loaded and to check certificates. */
const etcEntries = ["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl/certs"];
/** What a command that runs as the host's root could read of the kernel. */
const hiddenProcFiles = ["kcore", "keys", "kpagecgroup", "kpagecount", "kpageflags", "timer_list"];
const etcFiles: readonly (readonly [path: string, text: string])[] = [
  [
    "/etc/passwd",
    `sandbox:x:${insideId}:${insideId}::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n`,
  ],
  ["/etc/group", `sandbox:x:${insideId}:\nnogroup:x:65534:\n`],
  ["/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"],
];
/** Mounts of the sandbox itself, which a workspace must not cover or contain. */
const ownMounts = ["/usr", "/etc", "/proc", "/dev", "/tmp", "/bin", "/sbin", "/lib", nodeFolder];

/** One option of bubblewrap with its values. */
type Option = readonly string[];

/**
 * How bubblewrap is to be started. Its options go through a descriptor, not the command line: the
 * command can read `/proc/1/cmdline`, and other users of the host `ps`.
 * @throws Agent33Error `sandbox.folder_refused` for a folder that is not there or must not be shown
 */
export function bwrapStart(view: SandboxView, command: readonly string[]): BwrapStart {
  const inputs: Uint8Array[] = [];
  const descriptor = (bytes: Uint8Array): string => {
    inputs.push(bytes);
    // 3 is for the options themselves.
    return String(3 + inputs.length);
  };
  const options: readonly Option[] = [
    ...isolation(),
    ["--seccomp", descriptor(view.filter)],
    ...system(),
    ...node(view.nodePath),
    ...etcFiles.map(([path, text]) => ["--ro-bind-data", descriptor(Buffer.from(text)), path]),
    ...privateFolders(view.tmpBytes),
    ...folders(view),
    // Without it files can be made beside the mounts, in the memory that the root folder is.
    ["--remount-ro", "/"],
  ];
  const lines = options.flat().map((option) => `${option}\0`);
  return {
    args: ["--args", "3", "--", ...command],
    inputs: [Buffer.from(lines.join("")), ...inputs],
  };
}

/** `--disable-userns` needs `--unshare-user` by name, `--unshare-all` alone does not do. */
function isolation(): readonly Option[] {
  return [
    ["--unshare-user"],
    ["--unshare-all"],
    ["--disable-userns"],
    ["--die-with-parent"],
    ["--new-session"],
    ["--cap-drop", "ALL"],
    ["--uid", insideId],
    ["--gid", insideId],
    ["--hostname", "sandbox"],
    ["--clearenv"],
    ...Object.entries(environment).map(([name, value]) => ["--setenv", name, value]),
  ];
}

function system(): readonly Option[] {
  const programs = rootFolders.flatMap((name): readonly Option[] => {
    const path = `/${name}`;
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return [];
    return [
      entry.isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path],
    ];
  });
  const etc = etcEntries.map((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]);
  return [["--ro-bind", "/usr", "/usr"], ...programs, ...etc];
}

/** Only the program, and npm where it is beside it: the folders around may hold anything. */
function node(nodePath: string): readonly Option[] {
  const program = realpathSync(nodePath);
  if (program.startsWith("/usr/")) return [];
  const shown: Option = ["--ro-bind", program, `${nodeFolder}/bin/node`];
  const npm = join(dirname(program), "../lib/node_modules/npm");
  if (!existsSync(npm)) return [shown];
  const start = "../lib/node_modules/npm/bin";
  return [
    shown,
    ["--ro-bind", npm, `${nodeFolder}/lib/node_modules/npm`],
    ["--symlink", `${start}/npm-cli.js`, `${nodeFolder}/bin/npm`],
    ["--symlink", `${start}/npx-cli.js`, `${nodeFolder}/bin/npx`],
  ];
}

/**
 * /proc is read-only as a whole: where the engine runs as root, the command owns the files of
 * /proc/sys, and needs no capability to write most of them.
 */
function privateFolders(tmpBytes: number): readonly Option[] {
  const hidden = hiddenProcFiles.map((name) => `/proc/${name}`).filter((path) => existsSync(path));
  const size: Option = ["--size", String(tmpBytes)];
  return [
    ["--proc", "/proc"],
    ...hidden.map((path) => ["--ro-bind", "/dev/null", path]),
    ["--remount-ro", "/proc"],
    ["--dev", "/dev"],
    [...size, "--tmpfs", "/dev/shm"],
    ["--remount-ro", "/dev"],
    [...size, "--tmpfs", "/tmp"],
    ["--symlink", "../tmp", "/var/tmp"],
  ];
}

/** Outer folders before inner ones, so that no mount covers another that is meant to be seen. */
function folders({ workspace, readOnlyBinds }: SandboxView): readonly Option[] {
  const binds = [
    ...(workspace === undefined ? [] : [{ how: "--bind", path: shownPath(workspace) }]),
    ...readOnlyBinds.map((path) => ({ how: "--ro-bind", path: shownPath(path) })),
  ].toSorted((a, b) => a.path.length - b.path.length);
  return [
    ...binds.map(({ how, path }) => [how, path, path]),
    ["--chdir", workspace === undefined ? "/" : shownPath(workspace)],
  ];
}

/**
 * Whether a file or folder may be shown inside.
 * @returns its real path, which is its path inside
 * @throws Agent33Error `sandbox.folder_refused`
 */
export function shownPath(path: string): string {
  if (!isAbsolute(path)) throw refused(path, "its path is not absolute");
  if (!existsSync(path)) throw refused(path, "it does not exist");
  const real = realpathSync(path);
  const covered = ownMounts.find((mount) => !relative(real, mount).startsWith(".."));
  if (covered !== undefined) throw refused(path, `it holds ${covered}, which the sandbox replaces`);
  const system = ["/proc", "/dev"].find((mount) => !relative(mount, real).startsWith(".."));
  if (system !== undefined) throw refused(path, `it lies in ${system}`);
  return real;
}

function refused(path: string, why: string): Agent33Error {
  return new Agent33Error(
    "sandbox.folder_refused",
    `The folder "${path}" cannot be shown to a sandboxed command: ${why}.`,
    { hint: "Give an existing folder of its own for the workspace, by its absolute path." },
  );
}
