import { createWriteStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { finished } from "node:stream/promises";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";
import type { Host } from "./host.ts";

/**
 * The path of a file that is to be made.
 * @throws Agent33Error `store.export_failed` where there is one
 */
export function newFile(file: string, host: Host): string {
  const path = resolve(host.cwd, file);
  if (existsSync(path)) throw exportFailed(path, "there is such a file already", undefined);
  return path;
}

/**
 * Writes a file that has its name only once it is whole. For its owner's eyes.
 * @throws Agent33Error `store.export_failed`, and what `work` throws
 */
export async function writeNewFile<T>(
  path: string,
  work: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const partial = `${path}.partial`;
  try {
    const stream = createWriteStream(partial, { mode: 0o600, flush: true });
    const ended = finished(stream);
    // An error of the file is told by the write that meets it, or at the end.
    ended.catch(() => undefined);
    const result = await work(
      (text) =>
        new Promise((done, failed) => {
          stream.write(text, (error) => (error ? failed(error) : done()));
        }),
    );
    stream.end();
    await ended;
    await rename(partial, path);
    return result;
  } catch (error) {
    await rm(partial, { force: true });
    if (systemCodeOf(error) !== undefined) throw exportFailed(path, messageOf(error), error);
    throw error;
  }
}

function exportFailed(path: string, why: string, cause: unknown): Agent33Error {
  return new Agent33Error("store.export_failed", `${path} cannot be written: ${why}.`, {
    hint: "Name a new file in a folder that this user may write to.",
    details: { path },
    cause,
  });
}
