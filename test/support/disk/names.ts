import type { Random } from "../../../src/base/random.ts";
import type { Contents } from "./contents.ts";

/** A folder, or the content of a file. */
export type Node = Folder | Contents;

interface Entry {
  readonly node: Node | undefined;
  /** The number of the change that made it so. */
  readonly stamp: number;
}

/** The names in a folder: as programs see them, and as they are on the disk. */
export class Folder {
  readonly seen = new Map<string, Node>();
  readonly kept = new Map<string, Entry>();
}

interface NamePart {
  readonly folder: Folder;
  readonly name: string;
  readonly node: Node | undefined;
}

/** One change of names, all of it or nothing: a rename has two parts. */
interface NameChange {
  readonly stamp: number;
  readonly parts: readonly NamePart[];
}

/** Which changes of names survive that are in no flush of their folder: a first part of all, or any. */
export type NamesLeft = "first" | "any";

/** What a folder has after a cut. */
export type Left = ReadonlyMap<string, Node>;

/** The names of a disk, and what of them is in no flush yet. */
export class Names {
  readonly root = new Folder();
  #open: NameChange[] = [];
  #stamp = 0;

  /** The node of a path below the root; undefined where there is none. */
  at(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      node = node instanceof Folder ? node.seen.get(name) : undefined;
    }
    return node;
  }

  /** Puts nodes at paths, or takes away what is there, in one change. */
  change(changes: readonly (readonly [path: string, node: Node | undefined])[]): void {
    const parts = changes.map(([path, node]): NamePart => {
      const folder = this.at(path.slice(0, path.lastIndexOf("/")));
      if (!(folder instanceof Folder)) throw new TypeError(`There is no folder of ${path}.`);
      return { folder, name: path.slice(path.lastIndexOf("/") + 1), node };
    });
    for (const { folder, name, node } of parts) {
      if (node === undefined) folder.seen.delete(name);
      else folder.seen.set(name, node);
    }
    this.#stamp += 1;
    this.#open.push({ stamp: this.#stamp, parts });
  }

  /** The names in a folder are on the disk, and the other half of what was renamed with them. */
  sync(folder: Folder): void {
    const isOf = ({ parts }: NameChange) => parts.some((part) => part.folder === folder);
    for (const change of this.#open.filter(isOf)) keep(change, (one) => one.kept);
    this.#open = this.#open.filter((change) => !isOf(change));
  }

  /** The names after a cut, by folder. */
  afterCut(random: Random, how: NamesLeft, share: number): (folder: Folder) => Left {
    const folders = new Map<Folder, Map<string, Entry>>();
    const entriesOf = (folder: Folder): Map<string, Entry> => {
      const known = folders.get(folder) ?? new Map(folder.kept);
      folders.set(folder, known);
      return known;
    };
    const first = Math.round(
      this.#open.length * (share === 0 || share === 1 ? share : random.next()),
    );
    for (const [index, change] of this.#open.entries()) {
      const isLeft = how === "first" ? index < first : random.next() < share;
      if (isLeft) keep(change, entriesOf);
    }
    return (folder) => {
      const left = new Map<string, Node>();
      for (const [name, { node }] of entriesOf(folder))
        if (node !== undefined) left.set(name, node);
      return left;
    };
  }
}

/** An older change does not come back after a newer one. */
function keep({ stamp, parts }: NameChange, of: (folder: Folder) => Map<string, Entry>): void {
  for (const { folder, name, node } of parts) {
    const entries = of(folder);
    if ((entries.get(name)?.stamp ?? 0) < stamp) entries.set(name, { node, stamp });
  }
}
