import type { Clock } from "../base/clock.ts";
import type { IdSource } from "../base/ids.ts";
import type { Random } from "../base/random.ts";

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
}
