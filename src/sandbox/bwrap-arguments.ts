import { existsSync, realpathSync, statSync } from "node:fs";
import { relative } from "node:path";
import {
  environmentInside,
  etcFiles,
  givenPaths,
  type SandboxView,
  type ShownPath,
  startFolder,
  systemPaths,
} from "./view.ts";

/** What bubblewrap is to make. */
export interface BwrapView extends SandboxView {
  /** The filter of system calls. */
  readonly filter: Uint8Array;
  /** `host` leaves the host's network as it is: default `none`. */
  readonly network?: "none" | "host";
  /** Folders and files that are empty inside, where they lie in one that is shown. Absolute. */
  readonly hidden?: readonly string[];
}

/** Arguments for bubblewrap, and what it reads from its descriptors 3, 4, 5 and so on. */
export interface BwrapStart {
  readonly args: readonly string[];
  readonly inputs: readonly Uint8Array[];
}

/** The user inside. Files of all others show as owned by nobody, 65534. */
const insideId = "1000";
/** What a command that runs as the host's root could read of the kernel. */
export const hiddenProcFiles = [
  "kcore",
  "keys",
  "kpagecgroup",
  "kpagecount",
  "kpageflags",
  "timer_list",
];
/** What finding names takes where there is a network. */
const resolverFiles = ["/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/hosts"];

/** One option of bubblewrap with its values. */
type Option = readonly string[];

/**
 * How bubblewrap is to be started. Its options go through a descriptor, not the command line: the
 * command can read `/proc/1/cmdline`, and other users of the host `ps`.
 * @throws Agent33Error `sandbox.folder_refused` for a folder that is not there or must not be shown
 */
export function bwrapStart(view: BwrapView, command: readonly string[]): BwrapStart {
  const inputs: Uint8Array[] = [];
  const descriptor = (bytes: Uint8Array): string => {
    inputs.push(bytes);
    // 3 is for the options themselves.
    return String(3 + inputs.length);
  };
  const options: readonly Option[] = [
    ...isolation(view),
    ["--seccomp", descriptor(view.filter)],
    ...systemPaths(view.nodePath).map(option),
    ...ownEtcFiles(view).map(([path, text]) => [
      "--ro-bind-data",
      descriptor(Buffer.from(text)),
      path,
    ]),
    ...hostEtcFiles(view),
    ...privateFolders(view.tmpBytes),
    ...givenAndHidden(view),
    ...(view.cwd === undefined ? [] : [["--dir", startFolder(view)]]),
    ["--chdir", startFolder(view)],
    // Without it files can be made beside the mounts, in the memory that the root folder is.
    ["--remount-ro", "/"],
  ];
  const lines = options.flat().map((word) => `${word}\0`);
  return {
    args: ["--args", "3", "--", ...command],
    inputs: [Buffer.from(lines.join("")), ...inputs],
  };
}

const option = ({ kind, from, path }: ShownPath): Option => [`--${kind}`, from, path];

/** `--disable-userns` needs `--unshare-user` by name, `--unshare-all` alone does not do. */
function isolation(view: BwrapView): readonly Option[] {
  return [
    ["--unshare-user"],
    ["--unshare-all"],
    ...(view.network === "host" ? [["--share-net"]] : []),
    ["--disable-userns"],
    ["--die-with-parent"],
    ["--new-session"],
    ["--cap-drop", "ALL"],
    ["--uid", insideId],
    ["--gid", insideId],
    ["--hostname", "sandbox"],
    ["--clearenv"],
    ...Object.entries(environmentInside(view)).map(([name, value]) => ["--setenv", name, value]),
  ];
}

function ownEtcFiles({ network }: BwrapView): ReturnType<typeof etcFiles> {
  const files = etcFiles(insideId);
  return network === "host" ? files.filter(([path]) => !resolverFiles.includes(path)) : files;
}

function hostEtcFiles({ network }: BwrapView): readonly Option[] {
  if (network !== "host") return [];
  return resolverFiles
    .filter((path) => existsSync(path))
    .map((path) => ["--ro-bind", realpathSync(path), path]);
}

/**
 * Outer places before inner ones: what is hidden is covered after what it lies in has been shown,
 * and what is given within it is shown after that. What is not shown needs no cover.
 */
function givenAndHidden(view: BwrapView): readonly Option[] {
  const given = givenPaths(view);
  const covers = (view.hidden ?? [])
    .filter((path) => existsSync(path))
    .map(realPath)
    .filter((path) => given.some((shown) => !relative(shown.path, path).startsWith("..")))
    .map((path) => ({ path, isFolder: statSync(path).isDirectory() }));
  const placed: readonly (readonly [path: string, option: Option])[] = [
    ...given.map((shown) => [shown.path, option(shown)] as const),
    ...covers.map(({ path, isFolder }) =>
      isFolder
        ? ([path, ["--tmpfs", path]] as const)
        : ([path, ["--ro-bind", "/dev/null", path]] as const),
    ),
  ];
  return [
    ...placed.toSorted(([one], [other]) => one.length - other.length).map(([, made]) => made),
    ...covers.filter(({ isFolder }) => isFolder).map(({ path }) => ["--remount-ro", path]),
  ];
}

const realPath = (path: string): string => realpathSync(path);

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
