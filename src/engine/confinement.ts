import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import type { Confinement } from "../connectors/mcp/server.ts";

/** A server's program and what the settings say that it needs. */
export interface ConfinedProgram {
  /** Absolute. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Hosts that it talks to; any at all gives it the network. */
  readonly hosts: readonly string[];
  /** Absolute. */
  readonly writable: readonly string[];
  /** Absolute. */
  readonly readOnly: readonly string[];
  /** Folders that it must not see. Absolute. */
  readonly hidden: readonly string[];
  /** The Node program that runs the engine, which is there inside as `node`. */
  readonly nodePath: string;
}

/** A program as it is started inside, and what it sees there. */
export interface ConfinedStart {
  readonly command: string;
  readonly confinement: Confinement;
}

/**
 * What a server of the settings is shown of the machine: its own program, the places that its
 * command line names, and what the settings add. Folders that it is told of it may write, because
 * that is how such servers are told what they are for; of a file it is shown the package around it.
 */
export function confinedStart(program: ConfinedProgram): ConfinedStart {
  const { command, args, cwd, hosts, nodePath } = program;
  const isNode = existsSync(command) && realpathSync(command) === realpathSync(nodePath);
  const named = args.filter((arg) => isAbsolute(arg) && existsSync(arg));
  const folders = named.filter((path) => statSync(path).isDirectory());
  const files = named.filter((path) => !folders.includes(path));
  // Relative names of files are looked for in the folder that it starts in.
  const scripts = args
    .filter((arg) => !isAbsolute(arg) && !arg.startsWith("-"))
    .map((arg) => join(cwd, arg))
    .filter((path) => existsSync(path) && statSync(path).isFile());
  const ofProgram = isNode || isSystem(command) ? [] : [packageAround(command)];
  return {
    command: isNode ? "node" : command,
    confinement: {
      network: hosts.length === 0 ? "none" : "host",
      hidden: program.hidden,
      writable: unique([...program.writable, ...folders]),
      readOnly: unique([
        ...program.readOnly,
        ...ofProgram,
        ...[...files, ...scripts].map(packageAround),
      ]),
    },
  };
}

const isSystem = (path: string): boolean =>
  ["/usr", "/bin", "/sbin", "/lib"].some((folder) => !relative(folder, path).startsWith(".."));

/** Marks of the folder that a program is installed in, with all that it loads. */
const roots = ["package.json", "pyvenv.cfg"];

/**
 * The folder that a program cannot do without: the outermost `node_modules` that it lies in, else
 * the package or the virtual environment around it, else its own folder.
 */
function packageAround(path: string): string {
  const real = realpathSync(path);
  const parts = real.split(sep);
  const outermost = parts.indexOf("node_modules");
  if (outermost > 0) return parts.slice(0, outermost + 1).join(sep);
  for (let folder = dirname(real); folder !== dirname(folder); folder = dirname(folder)) {
    if (roots.some((name) => existsSync(join(folder, name)))) return folder;
  }
  return dirname(real);
}

const unique = (paths: readonly string[]): readonly string[] => [...new Set(paths)];
