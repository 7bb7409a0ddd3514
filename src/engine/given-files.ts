import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file that came without a place: somebody sent what stands in it. */
export interface GivenFile {
  /** A plain name, without folders. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** Where given files stand while somebody looks at them. */
export const givenFolder = join(tmpdir(), "agent33-given-");

/**
 * Lays files out in a folder of their own for what reads files, and takes them away afterwards.
 * @param work handed their paths, in the same order
 */
export async function withGivenFiles<T>(
  files: readonly GivenFile[],
  work: (paths: readonly string[]) => T | Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(givenFolder);
  try {
    const paths = files.map(({ name }) => join(folder, name));
    for (const [index, { content }] of files.entries()) {
      // The same name twice would be one file, and nobody would be told.
      await writeFile(paths[index] ?? folder, content, { flag: "wx", mode: 0o600 });
    }
    return await work(paths);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
