import { cp } from "node:fs/promises";
import type { TaskVerifier } from "./task.ts";

/**
 * Copies the tests of a step into one folder, links as links; of two files with one path that of the
 * later folder counts.
 * @param to an empty folder
 */
export async function gatherTests({ dirs }: Pick<TaskVerifier, "dirs">, to: string): Promise<void> {
  for (const dir of dirs) await cp(dir, to, { recursive: true, verbatimSymlinks: true });
}
