import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import type { Confinement } from "../connectors/mcp/server.ts";
import { liesIn } from "./shell-place.ts";

/** A server's program and what is said that it needs. */
export interface ConfinedProgram {
  /** Absolute. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Hosts that it talks to; any at all gives it the network. */
  readonly hosts: readonly string[];
  /** The run's own folder, which it may write wherever that lies. Absolute. */
  readonly workspace?: string | undefined;
  /** Whether it may write nowhere else, and only read what it may else write. Default: no. */
  readonly scratch?: boolean;
  /** Absolute. */
  readonly writable: readonly string[];
  /** Absolute. */
  readonly readOnly: readonly string[];
  /** Folders and files that it must not see. Absolute. */
  readonly hidden: readonly string[];
  /** The Node program that runs the engine, which is there inside as `node`. */
  readonly nodePath: string;
  /** The home of whoever runs the engine: too much to be shown for the sake of one file in it. */
  readonly home?: string | undefined;
}

/** A program as it is started inside, and what it sees there. */
export interface ConfinedStart {
  readonly command: string;
  readonly confinement: Confinement;
}

/**
 * What a server is shown of the machine: its own program, the places that its
 * command line names, and what was said besides. Folders that it is told of it may write, because
 * that is how such servers are told what they are for; of a script it is shown the package around
 * it, of any other file that file.
 */
export function confinedStart(program: ConfinedProgram): ConfinedStart {
  const { command, args, cwd, hosts, nodePath, home, workspace, hidden } = program;
  const isNode = existsSync(command) && realpathSync(command) === realpathSync(nodePath);
  const named = args.flatMap((arg) => pathIn(arg, cwd) ?? []);
  const folders = named.filter((path) => statSync(path).isDirectory());
  const files = named.filter((path) => !folders.includes(path));
  const open = (paths: readonly string[]): readonly string[] =>
    unique(paths).filter((path) => !hidden.some((place) => liesIn(place, path)));
  const { scratch = false } = program;
  const places = open([...program.writable, ...folders]);
  const others = places.filter((path) => workspace === undefined || !liesIn(workspace, path));
  // What the agent works on is shown already; around it lies what is not for servers.
  const isAtHand = (path: string): boolean => workspace !== undefined && liesIn(workspace, path);
  const isThere = isNode || isSystem(command) || isAtHand(command);
  const ofProgram = isThere ? [] : programPlaces(command, home);
  return {
    command: isNode ? "node" : isThere ? command : placeInside(command, ofProgram),
    confinement: {
      network: hosts.length === 0 ? "none" : "host",
      hidden,
      writable: [...(workspace === undefined ? [] : [workspace]), ...(scratch ? [] : places)],
      onlyWorkspace: hosts.length === 0 && others.length === 0,
      readOnly: open([
        ...(scratch ? others : []),
        ...program.readOnly,
        ...ofProgram,
        ...files
          .filter((file) => !isAtHand(file))
          .map((file) => (isScript(file) ? packageAround(file, home) : file)),
      ]),
    },
  };
}

/** What is there by the name that an argument is, or that stands behind its `=`. */
function pathIn(arg: string, cwd: string): string | undefined {
  const word = arg.startsWith("-") ? (/=(.+)$/.exec(arg)?.[1] ?? "") : arg;
  if (word === "") return undefined;
  const path = resolve(cwd, word);
  return existsSync(path) ? path : undefined;
}

/** Files that load others from around them. */
const scripts = /^\.(?:[cm]?[jt]s|py|pyz|rb|php|pl|sh)$/;
const isScript = (path: string): boolean => scripts.test(extname(path));

const isSystem = (path: string): boolean =>
  ["/usr", "/bin", "/sbin", "/lib"].some((folder) => !relative(folder, path).startsWith(".."));

/** Marks of the folder that a program is installed in, with all that it loads. */
const roots = ["package.json", "pyvenv.cfg"];

/**
 * The folder that a program cannot do without: the outermost `node_modules` that it lies in, else
 * the package or the virtual environment around it, else its own folder. A folder that holds the
 * whole home never is: then it has to do with its file.
 */
function packageAround(path: string, home: string | undefined): string {
  const real = realpathSync(path);
  const parts = real.split(sep);
  const outermost = parts.indexOf("node_modules");
  if (outermost > 0) return parts.slice(0, outermost + 1).join(sep);
  return folderAbove(real, home) ?? (isTooWide(dirname(real), home) ? real : dirname(real));
}

/** The nearest folder around a path that is marked as a whole. */
function folderAbove(path: string, home: string | undefined): string | undefined {
  for (let folder = dirname(path); !isTooWide(folder, home); folder = dirname(folder)) {
    if (roots.some((name) => existsSync(join(folder, name)))) return folder;
  }
  return undefined;
}

const isTooWide = (folder: string, home: string | undefined): boolean =>
  folder === dirname(folder) ||
  folder === "/tmp" ||
  (home !== undefined && !relative(folder, realPlace(home)).startsWith(".."));

const realPlace = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

/**
 * A program's package; of a virtual environment's Python, which is a link to the one that it was
 * made with, the environment, and the modules of that one.
 */
function programPlaces(command: string, home: string | undefined): readonly string[] {
  const around = packageAround(command, home);
  const real = realpathSync(command);
  if (!/^python[\d.]*$/.test(basename(real))) return [around];
  const modules = join(dirname(real), "../lib");
  return [
    ...(isSystem(real) ? [] : [around, ...(existsSync(modules) ? [modules] : [])]),
    ...(isSystem(command) ? [] : [folderAbove(command, home) ?? dirname(command)]),
  ];
}

/** A link to a program that is installed elsewhere is not there inside: then its file is started. */
function placeInside(command: string, shown: readonly string[]): string {
  const path = join(realpathSync(dirname(command)), basename(command));
  const isShown = shown.some((folder) => !relative(realPlace(folder), path).startsWith(".."));
  return isShown ? path : realpathSync(command);
}

const unique = (paths: readonly string[]): readonly string[] => [...new Set(paths)];
