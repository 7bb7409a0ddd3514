import { lstatSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, syncToDisk } from "../../base/disk.ts";
import { Agent33Error, systemCodeOf } from "../../base/errors.ts";
import { journalFolder } from "./segments.ts";

/**
 * Lets a store's journal be in another folder: the one in the data folder is a link then, so that
 * every process finds it, whatever settings it has.
 * @throws Agent33Error `store.journal_place`
 */
export function placeJournal(dataDir: string, folder: string): void {
  const link = join(dataDir, journalFolder);
  try {
    const found = lstatSync(link, { throwIfNoEntry: false });
    if (found === undefined) {
      makeFolder(dataDir);
      makeFolder(folder);
      symlinkSync(folder, link);
      syncToDisk(dataDir);
      return;
    }
    if (found.isSymbolicLink() && readlinkSync(link) === folder) return;
  } catch (error) {
    // Another process may have made it meanwhile, of the same settings.
    if (systemCodeOf(error) === "EEXIST" && readlinkSync(link) === folder) return;
    throw misplaced(link, folder, error);
  }
  throw misplaced(link, folder);
}

function misplaced(link: string, folder: string, cause?: unknown): Agent33Error {
  return new Agent33Error(
    "store.journal_place",
    cause === undefined
      ? `The journal is in ${link}, and the setting journal.folder says ${folder}.`
      : `The journal cannot be put into ${folder}: ${systemCodeOf(cause) ?? "unknown"}.`,
    {
      hint: `End what uses the store, move what is in ${link} there, remove ${link}, and start again; or change the setting.`,
      details: { link, folder },
      cause,
    },
  );
}
