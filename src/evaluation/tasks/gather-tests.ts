import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TaskVerifier } from "./task.ts";

/**
 * Lets `work` have the tests of a step in one folder, links as links; of two files with one path
 * that of the later folder counts. A folder that was made for it is gone afterwards.
 * @throws the system's error when a folder cannot be made or copied
 */
export async function withTests<T>(
  { dirs: [first, ...others] }: Pick<TaskVerifier, "dirs">,
  work: (tests: string) => Promise<T>,
): Promise<T> {
  if (others.length === 0) return work(first);
  const folder = await mkdtemp(join(tmpdir(), "agent33-tests-"));
  try {
    for (const dir of [first, ...others]) {
      await cp(dir, folder, { recursive: true, verbatimSymlinks: true });
    }
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
