import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../../src/base/random.ts";
import { Contents } from "./contents.ts";
import { Folder, Names, type NamesLeft, type Node } from "./names.ts";
import type { DiskOperation } from "./trace.ts";

/** What of the changes that are in no flush yet is there after a cut. */
export interface Cut {
  /** The part of what was written: 0 is none of it, 1 all. */
  readonly share: number;
  readonly names: NamesLeft;
  /** The part of the changes of names. */
  readonly namesShare: number;
}

/** A file or a folder that was there before a trace began. */
export interface Before {
  readonly path: string;
  /** The number that the trace names it by. */
  readonly number: number;
  /** Undefined for a folder. */
  readonly bytes: Buffer | undefined;
}

/** All that is below a folder, itself first. */
export function readBefore(folder: string): readonly Before[] {
  const found: Before[] = [{ path: "", number: statSync(folder).ino, bytes: undefined }];
  walkFolder(folder, "", (path, bytes) => {
    found.push({ path, number: statSync(join(folder, path)).ino, bytes });
  });
  return found;
}

/** Whether the names in folders are flushed as the program did, or, as a control, never. */
export interface ImageOptions {
  readonly random: Random;
  readonly ignoresFolders?: boolean;
}

/**
 * The disk below a folder, as a trace says: what programs saw, and what a cut of the power may
 * leave. What is there at first is on the disk.
 */
export class DiskImage {
  readonly #names = new Names();
  readonly #numbers = new Map<number, Node>();
  readonly #options: ImageOptions;

  constructor(before: readonly Before[], options: ImageOptions) {
    this.#options = options;
    for (const { path, number, bytes } of before) {
      const made = bytes === undefined ? new Folder() : new Contents(bytes);
      const node = path === "" ? this.#names.root : made;
      if (path !== "") this.#names.change([[path, node]]);
      this.#numbers.set(number, node);
    }
    for (const node of this.#numbers.values()) if (node instanceof Folder) this.#names.sync(node);
  }

  apply({ kind, file, at, path, bytes }: DiskOperation): void {
    const [one = "", other = ""] = path.split("\0");
    const number = (node: Node): void => void this.#numbers.set(file, node);
    switch (kind) {
      case "create":
      case "mkdir": {
        const node = kind === "mkdir" ? new Folder() : new Contents();
        number(node);
        return this.#names.change([[one, node]]);
      }
      case "write":
        return this.#contents(file).apply({ at, bytes });
      case "cut":
        return this.#contents(file).apply({ length: at });
      case "sync": {
        const node = this.#numbers.get(file);
        if (node instanceof Contents) node.sync();
        else if (node !== undefined && this.#options.ignoresFolders !== true)
          this.#names.sync(node);
        return undefined;
      }
      case "not synced": {
        const { random } = this.#options;
        const node = this.#numbers.get(file);
        if (node instanceof Contents) node.failToSync(random, random.next());
        return undefined;
      }
      case "unlink":
      case "rmdir":
        return this.#names.change([[one, undefined]]);
      case "rename":
        return this.#names.change([
          [one, undefined],
          [other, this.#names.at(one)],
        ]);
      case "link":
        return this.#names.change([[other, this.#names.at(one)]]);
      case "said":
        return undefined;
      case "escaped":
        throw new Error(`A trace does not follow ${path}.`);
    }
  }

  #contents(file: number): Contents {
    const node = this.#numbers.get(file);
    if (node instanceof Contents) return node;
    throw new Error(`A trace writes to file ${file}, which it did not make.`);
  }

  /** Where what a folder has is not what the trace says; none where nothing has passed it by. */
  differences(folder: string): readonly string[] {
    const found = new Map<string, string>();
    const expected = new Map<string, string>();
    const put = (to: Map<string, string>) => (path: string, bytes: Buffer | undefined) =>
      to.set(path, isShared(path) ? "" : (bytes?.toString("latin1") ?? "folder"));
    walkFolder(folder, "", put(found));
    walkNodes(
      this.#names.root,
      (one) => one.seen,
      put(expected),
      (one) => one.seen(),
    );
    const paths = new Set([...found.keys(), ...expected.keys()]);
    return [...paths].filter((path) => found.get(path) !== expected.get(path));
  }

  /** Makes in a folder, which is emptied first, what is there after a cut of the power now. */
  cutInto(folder: string, random: Random, { share, names, namesShare }: Cut): void {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    walkNodes(
      this.#names.root,
      this.#names.afterCut(random, names, namesShare),
      (path, bytes) => {
        if (bytes === undefined) mkdirSync(join(folder, path));
        else writeFileSync(join(folder, path), bytes);
      },
      (contents) => contents.afterCut(random, share),
    );
  }
}

type Found = (path: string, bytes: Buffer | undefined) => void;

/** Processes share it in memory, and nobody reads it after a cut. */
function isShared(path: string): boolean {
  return path.endsWith("-shm");
}

function walkNodes(
  root: Folder,
  entriesOf: (folder: Folder) => ReadonlyMap<string, Node>,
  found: Found,
  bytesOf: (contents: Contents) => Buffer,
  path = "",
): void {
  for (const [name, node] of entriesOf(root)) {
    const own = `${path}/${name}`;
    found(own, node instanceof Folder ? undefined : bytesOf(node));
    if (node instanceof Folder) walkNodes(node, entriesOf, found, bytesOf, own);
  }
}

function walkFolder(folder: string, path: string, found: Found): void {
  for (const name of readdirSync(folder)) {
    const own = `${path}/${name}`;
    const isFolder = statSync(join(folder, name)).isDirectory();
    found(own, isFolder ? undefined : readFileSync(join(folder, name)));
    if (isFolder) walkFolder(join(folder, name), own, found);
  }
}
