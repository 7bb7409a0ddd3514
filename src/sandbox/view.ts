import { existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { Agent33Error } from "../base/errors.ts";

/** What a sandboxed command can see of the machine. */
export interface SandboxView {
  /** Read and written at their own paths. */
  readonly writable: readonly string[];
  /** Files and folders that can be read at their own paths. */
  readonly readOnly: readonly string[];
  /** Where the command starts; bubblewrap makes it an empty folder if it lies in none of these. */
  readonly cwd?: string;
  /** Variables besides those that every command gets, or in their place. */
  readonly env?: Readonly<Record<string, string>>;
  /** The Node program that `node` starts inside. */
  readonly nodePath: string;
  readonly tmpBytes: number;
}

/** The view of one command that works in one folder. */
export function workspaceView(
  request: {
    readonly workspace?: string | undefined;
    readonly readOnlyBinds?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  },
  rest: { readonly nodePath: string; readonly tmpBytes: number },
): SandboxView {
  const { workspace, readOnlyBinds = [], env = {} } = request;
  const where = workspace === undefined ? {} : { cwd: workspace };
  const writable = workspace === undefined ? [] : [workspace];
  return { writable, readOnly: readOnlyBinds, env, ...where, ...rest };
}

/** Something of the host at a path inside. */
export interface ShownPath {
  readonly kind: "bind" | "ro-bind" | "symlink";
  /** On the host, or where the link leads. */
  readonly from: string;
  readonly path: string;
}

export const nodeFolder = "/opt/node";
const environment: Readonly<Record<string, string>> = {
  PATH: `${nodeFolder}/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin`,
  HOME: "/tmp",
  LANG: "C.UTF-8",
  TERM: "dumb",
};

/** Programs and libraries, wherever a system keeps them: links into /usr, or folders. */
const rootFolders = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/** What programs need of /etc to be found, loaded and to check certificates. */
const etcEntries = ["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl/certs"];
/** Mounts of the sandbox itself, which a workspace must not cover or contain. */
const ownMounts = ["/usr", "/etc", "/proc", "/dev", "/tmp", "/bin", "/sbin", "/lib", nodeFolder];

/** The files of /etc that are made for the sandbox. */
export function etcFiles(userId: string): readonly (readonly [path: string, text: string])[] {
  return [
    [
      "/etc/passwd",
      `sandbox:x:${userId}:${userId}::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n`,
    ],
    ["/etc/group", `sandbox:x:${userId}:\nnogroup:x:65534:\n`],
    ["/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"],
  ];
}

/**
 * The whole environment of a command: nothing of the host's is in it.
 * @throws Agent33Error `sandbox.invalid_environment` for a name or a value that no program can get
 */
export function environmentInside({
  env = {},
}: Pick<SandboxView, "env">): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env)) {
    // NUL ends a word: what follows would be read as options of the sandbox.
    if (!/^[^=\0]+$/.test(name) || value.includes("\0")) {
      throw new Agent33Error(
        "sandbox.invalid_environment",
        `The variable ${JSON.stringify(name)} cannot be given to a sandboxed command.`,
        {
          hint: "A name must not be empty or hold =, and neither it nor its value the character NUL.",
        },
      );
    }
  }
  return { ...environment, ...env };
}

/** The system's programs and libraries, and Node. */
export function systemPaths(nodePath: string): readonly ShownPath[] {
  const programs = rootFolders.flatMap((name): readonly ShownPath[] => {
    const path = `/${name}`;
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return [];
    return [
      entry.isSymbolicLink()
        ? { kind: "symlink", from: readlinkSync(path), path }
        : { kind: "ro-bind", from: path, path },
    ];
  });
  const etc = etcEntries.map((name) => `/etc/${name}`).filter((path) => existsSync(path));
  return [
    { kind: "ro-bind", from: "/usr", path: "/usr" },
    ...programs,
    ...etc.map((path): ShownPath => ({ kind: "ro-bind", from: path, path })),
    ...nodePaths(nodePath),
  ];
}

/** Only the program, and npm where it is beside it: the folders around may hold anything. */
function nodePaths(nodePath: string): readonly ShownPath[] {
  const program = realpathSync(nodePath);
  if (program.startsWith("/usr/")) return [];
  const shown: ShownPath = { kind: "ro-bind", from: program, path: `${nodeFolder}/bin/node` };
  const npm = join(dirname(program), "../lib/node_modules/npm");
  if (!existsSync(npm)) return [shown];
  const start = "../lib/node_modules/npm/bin";
  return [
    shown,
    { kind: "ro-bind", from: npm, path: `${nodeFolder}/lib/node_modules/npm` },
    { kind: "symlink", from: `${start}/npm-cli.js`, path: `${nodeFolder}/bin/npm` },
    { kind: "symlink", from: `${start}/npx-cli.js`, path: `${nodeFolder}/bin/npx` },
  ];
}

/** Outer folders before inner ones, so that no mount covers another that is meant to be seen. */
export function givenPaths({
  writable,
  readOnly,
}: Pick<SandboxView, "writable" | "readOnly">): readonly ShownPath[] {
  const of = (kind: ShownPath["kind"], path: string): ShownPath => {
    const real = shownPath(path);
    return { kind, from: real, path: real };
  };
  return [
    ...writable.map((path) => of("bind", path)),
    ...readOnly.map((path) => of("ro-bind", path)),
  ].toSorted((a, b) => a.path.length - b.path.length);
}

/** Where a command starts, by its path inside. @throws Agent33Error `sandbox.folder_refused` */
export function startFolder({ cwd }: Pick<SandboxView, "cwd">): string {
  return cwd === undefined ? "/" : existingPath(cwd);
}

/**
 * Whether a file or folder may be shown inside.
 * @returns its real path, which is its path inside
 * @throws Agent33Error `sandbox.folder_refused`
 */
export function shownPath(path: string): string {
  const real = existingPath(path);
  const covered = ownMounts.find((mount) => !relative(real, mount).startsWith(".."));
  if (covered !== undefined) throw refused(path, `it holds ${covered}, which the sandbox replaces`);
  const system = ["/proc", "/dev"].find((mount) => !relative(mount, real).startsWith(".."));
  if (system !== undefined) throw refused(path, `it lies in ${system}`);
  return real;
}

function existingPath(path: string): string {
  if (!isAbsolute(path)) throw refused(path, "its path is not absolute");
  if (!existsSync(path)) throw refused(path, "it does not exist");
  return realpathSync(path);
}

function refused(path: string, why: string): Agent33Error {
  return new Agent33Error(
    "sandbox.folder_refused",
    `The folder "${path}" cannot be shown to a sandboxed command: ${why}.`,
    { hint: "Give an existing folder of its own, by its absolute path." },
  );
}
