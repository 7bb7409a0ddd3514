import { Agent33Error } from "../base/errors.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { type IdSource, uuidv7Source } from "../base/ids.ts";
import { type Random, systemRandom } from "../base/random.ts";

/** What the engine takes from the machine that it runs on, handed in by whoever starts it. */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder in which the program was started. Absolute. */
  readonly cwd: string;
  readonly pid: number;
  /** The Node program that runs this. */
  readonly nodePath: string;
  readonly nodeVersion: string;
  /** Tells whoever runs the program what went wrong beside their work. One line. */
  readonly warn: (message: string) => void;
}

/**
 * The machine that this process runs on.
 * @param env the environment, handed in because only the program's entry may read it
 */
export function thisHost(env: Host["env"]): Host {
  return {
    clock: systemClock,
    random: systemRandom,
    ids: uuidv7Source(systemClock, systemRandom),
    env,
    cwd: currentFolder(),
    pid: process.pid,
    nodePath: process.execPath,
    nodeVersion: process.versions.node,
    warn: (message) => void process.stderr.write(`warning: ${message}\n`),
  };
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new Agent33Error("engine.no_folder", "The current folder does not exist any more.", {
      hint: "Change to a folder that exists.",
      cause,
    });
  }
}
