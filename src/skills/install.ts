import { cp, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Agent33Error, systemCodeOf } from "../base/errors.ts";

/** What was taken away lies here, so that it can be added again. */
export const removedFolder = ".removed";

/**
 * Puts a folder into a place whole or not at all. A folder of that name is only replaced where that
 * is said, and then kept in {@link removedFolder}.
 * @param mark tells what is kept from what was kept before
 * @returns where the one before is kept
 * @throws Agent33Error `skills.exists`
 */
export async function putFolder(
  from: string,
  to: string,
  { replace, mark }: { readonly replace: boolean; readonly mark: string },
): Promise<string | undefined> {
  const place = dirname(to);
  await mkdir(place, { recursive: true });
  if (!replace && (await readdir(place)).includes(basename(to))) throw exists(to);
  // A name with a dot is no skill to anybody who looks meanwhile.
  const partial = join(place, `.partial-${mark}-${basename(to)}`);
  try {
    await cp(from, partial, { recursive: true, errorOnExist: true, force: false });
    const kept = replace ? await takeAway(to, mark) : undefined;
    await rename(partial, to);
    return kept;
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    if (systemCodeOf(cause) === "ENOTEMPTY") throw exists(to, cause);
    throw cause;
  }
}

/**
 * Takes a folder out of its place, and keeps it.
 * @returns where; undefined where there was none
 */
export async function takeAway(folder: string, mark: string): Promise<string | undefined> {
  const kept = join(dirname(folder), removedFolder, `${basename(folder)}-${mark}`);
  await mkdir(dirname(kept), { recursive: true });
  try {
    await rename(folder, kept);
    return kept;
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return undefined;
    throw cause;
  }
}

function exists(folder: string, cause?: unknown): Agent33Error {
  return new Agent33Error("skills.exists", `There is a folder ${folder} already.`, {
    hint: "Replace it with --replace: what is there is kept, and can be added again.",
    ...(cause === undefined ? {} : { cause }),
  });
}
