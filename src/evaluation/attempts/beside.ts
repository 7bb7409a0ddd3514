import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TaskEnvironment } from "../environments/environment.ts";

/** Brings a file, or what is in a folder, to a place inside, and gives the path that it has there. */
export type Bring = (from: string, to: string) => Promise<string>;

/**
 * Lets `work` bring files that belong beside the workspace. On the host, where a path such as
 * `/solution` is this machine's own, they go to a folder of the attempt, which is gone after it.
 */
export async function withFilesBeside<T>(
  environment: TaskEnvironment,
  work: (bring: Bring) => Promise<T>,
): Promise<T> {
  if (environment.kind !== "host") {
    return work(async (from, to) => {
      await environment.put(from, to);
      return to;
    });
  }
  const folder = await mkdtemp(join(tmpdir(), "agent33-attempt-"));
  try {
    return await work(async (from, to) => {
      const path = join(folder, to);
      await mkdir(dirname(path), { recursive: true });
      await cp(from, path, { recursive: true, verbatimSymlinks: true });
      return path;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folder that an agent works in, as seen from inside. */
export function appFolder({ kind, workspace, workdir }: TaskEnvironment): string {
  return kind === "host" ? (workspace ?? workdir) : workdir;
}
