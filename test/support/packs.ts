import { readdirSync, readFileSync } from "node:fs";

/** The shipped packs as they are written, by file name. */
export function packFilesOf(root: URL): readonly (readonly [string, string])[] {
  const folder = new URL("packs/", root);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => [name, readFileSync(new URL(name, folder), "utf8")] as const);
}
