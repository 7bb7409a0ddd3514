import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { digestOf, sha256OfFile } from "../base/digest.ts";
import type { Tell } from "./irregularities.ts";

/** What a skill folder holds. */
export interface FolderContents {
  /** Paths with `/` between the parts, sorted. */
  readonly paths: readonly string[];
  /** SHA-256 over all files. */
  readonly digest: string;
}

/** More than these is no skill but a folder that happens to have a SKILL.md. */
export const mostFiles = 10_000;
export const mostBytes = 256 * 1024 * 1024;

/** Control characters, backslashes, and characters that turn the direction of writing around. */
const unsafeName = /[\p{Cc}\\\u202A-\u202E\u2066-\u2069]/u;

/**
 * All regular files of a skill folder. Links in it are not followed: what they lead to is no part
 * of the skill, and could be anything.
 */
export async function folderContents(dir: string, tell: Tell): Promise<FolderContents | undefined> {
  const paths: string[] = [];
  const folded = new Map<string, string>();
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    const path = relative(dir, join(entry.parentPath, entry.name));
    if (entry.isDirectory() || /(?:^|\/)\.git\//.test(path)) continue;
    const file = JSON.stringify(path).slice(1, -1);
    if (unsafeName.test(path)) {
      tell("file_name_unsafe", `the name of ${file} is not used`, { file });
    } else if (entry.isSymbolicLink()) {
      tell("file_link", `${file} is a link and left out`, { file });
    } else if (!entry.isFile()) {
      tell("file_special", `${file} is no file and left out`, { file });
    } else {
      paths.push(path);
      const same = folded.get(path.toLowerCase());
      if (same !== undefined) {
        tell("names_collide", `${path} and ${same} differ only in capitals`, { file: path });
      }
      folded.set(path.toLowerCase(), path);
      bytes += (await stat(join(dir, path))).size;
    }
    if (paths.length > mostFiles) return tell("too_large", `it has more than ${mostFiles} files`);
    if (bytes > mostBytes) return tell("too_large", `its files have more than ${mostBytes} bytes`);
  }
  paths.sort();
  const digests = paths.map((path) => [path, sha256OfFile(join(dir, path)).sha256]);
  return { paths, digest: digestOf(digests) };
}
