import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { messageOf, systemCodeOf } from "../../base/errors.ts";
import { type KeptLine, readLine, writeLine } from "./kept-lines.ts";
import type { SkillEntry } from "./skill-entry.ts";
import {
  createSkillIndex,
  type IndexChange,
  type IndexedSkill,
  type SkillIndex,
} from "./skill-index.ts";
import type { VectorShelf } from "./vectors.ts";
import { defaultWeights, type MatchWeights } from "./weights.ts";

/** To be raised when words are cut in another way, or the file says something else. */
const format = 1;

export interface KeptIndex extends Pick<SkillIndex, "search"> {
  /** What there is from now on. Skills that the file knows are not read; what is new is added to it. */
  update(skills: readonly IndexedSkill[]): IndexChange;
  /** Vectors of one embedder; {@link save} keeps those that were added. */
  shelf(embedder: string): VectorShelf;
  /** Writes what is new. What stands in the way is a notice: the next time it is worked out again. */
  save(): void;
  /** What was not as it should be, in sentences for a person. */
  readonly notices: readonly string[];
}

/**
 * The index of skills with a file of its own, so that a process does not begin by reading thousands
 * of skills. Each line stands for one content, by digest, and carries a checksum: what is damaged or
 * of another version is left out, said, and worked out anew. The file can be deleted at any time.
 */
export function openKeptIndex(path: string, weights: MatchWeights = defaultWeights): KeptIndex {
  const reader = digestOf({ ...weights });
  const notices: string[] = [];
  const kept = readKept(path, reader, notices);
  const { entries, vectors } = kept;
  /** Contents whose words the file has, once they are not held twice any more. */
  const inFile = new Set<string>();
  let isWhole = kept.isWhole;
  let fresh: KeptLine[] = [];
  let current: readonly IndexedSkill[] = [];
  const index = createSkillIndex({
    weights,
    known: (digest) => entries.get(digest),
    onRead: (digest, entry) => {
      if (inFile.has(digest)) return;
      entries.set(digest, entry);
      fresh.push({ kind: "words", digest, entry });
    },
  });

  const wanted = (): ReadonlySet<string> => new Set(current.map(({ digest }) => digest));

  /** All that is still wanted, as a new file in the place of the old one. */
  const rewrite = (): void => {
    const live = wanted();
    const lines: KeptLine[] = [{ kind: "index", format, reader }];
    for (const [digest, entry] of entries) {
      if (live.has(digest)) lines.push({ kind: "words", digest, entry });
    }
    for (const [embedder, shelf] of vectors) {
      for (const [digest, vector] of shelf) {
        if (live.has(digest)) lines.push({ kind: "vector", digest, embedder, vector });
      }
    }
    const unfinished = `${path}.new`;
    mkdirSync(dirname(path), { recursive: true });
    // What skills say is nobody else's business.
    writeFileSync(unfinished, "", { mode: 0o600 });
    for (const line of lines) appendFileSync(unfinished, writeLine(line));
    renameSync(unfinished, path);
  };

  return {
    search: index.search,
    notices,
    update: (skills) => {
      current = skills;
      return index.update(skills);
    },
    shelf: (embedder) => {
      const own = vectors.get(embedder) ?? new Map<string, Float32Array>();
      vectors.set(embedder, own);
      return {
        find: (digest) => own.get(digest),
        keep: (digest, vector) => {
          own.set(digest, vector);
          fresh.push({ kind: "vector", digest, embedder, vector });
        },
      };
    },
    save: () => {
      try {
        // Most of it belongs to skills that are gone.
        const isStale = entries.size > 2 * wanted().size + 100;
        if (!isWhole || isStale) rewrite();
        else if (fresh.length > 0) appendFileSync(path, fresh.map(writeLine).join(""));
        isWhole = true;
        fresh = [];
        for (const digest of entries.keys()) inFile.add(digest);
        entries.clear();
      } catch (error) {
        notices.push(`The index of skills cannot be kept in ${path}: ${messageOf(error)}.`);
      }
    },
  };
}

interface Kept {
  readonly entries: Map<string, SkillEntry>;
  readonly vectors: Map<string, Map<string, Float32Array>>;
  /** Whether lines can be added to the file as it is. */
  readonly isWhole: boolean;
}

function readKept(path: string, reader: string, notices: string[]): Kept {
  const nothing = (notice?: string): Kept => {
    if (notice !== undefined) notices.push(notice);
    return { entries: new Map(), vectors: new Map(), isWhole: false };
  };
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return nothing();
    return nothing(`The index of skills in ${path} cannot be read: ${messageOf(error)}.`);
  }
  const lines = linesOf(bytes);
  const head = readLine(lines.next().value ?? "");
  if (head?.kind !== "index") {
    return nothing(`The index of skills in ${path} is damaged; it is made anew.`);
  }
  if (head.format !== format || head.reader !== reader) {
    return nothing(`The index of skills in ${path} is of another version; it is made anew.`);
  }
  const kept = nothing();
  let damaged = 0;
  for (const text of lines) {
    const line = readLine(text);
    if (line?.kind === "words") kept.entries.set(line.digest, line.entry);
    else if (line?.kind === "vector") {
      const shelf = kept.vectors.get(line.embedder) ?? new Map<string, Float32Array>();
      kept.vectors.set(line.embedder, shelf.set(line.digest, line.vector));
    } else damaged += 1;
  }
  if (damaged > 0) {
    notices.push(
      `The index of skills in ${path} is damaged in ${damaged} places; the skills there are read anew.`,
    );
  }
  return { ...kept, isWhole: damaged === 0 };
}

/** Line by line: the whole may be longer than a text can be. */
function* linesOf(bytes: Buffer): Generator<string, undefined> {
  const lineFeed = 10;
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(lineFeed, from);
    const end = found < 0 ? bytes.length : found;
    yield bytes.toString("utf8", from, end);
    from = end + 1;
  }
  return undefined;
}
