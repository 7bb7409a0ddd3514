import { existsSync, readFileSync } from "node:fs";
import { readdir, stat, writeFile } from "node:fs/promises";
import { basename, join, posix, relative } from "node:path";
import { isWithin } from "../../paths.ts";
import { copyTree, type SourceGuard } from "../copy-tree.ts";
import {
  contextPath,
  idleFlag,
  isArchive,
  isDownload,
  isPattern,
  notDownloaded,
} from "../dockerfile-plan.ts";
import type { CopyStep } from "../dockerfile-recipe.ts";
import { resolveInside } from "../inside.ts";
import { environmentFailed, type FolderTools } from "./tools.ts";

/** What COPY and ADD take from. */
export interface CopySource {
  /** The task's `environment/`, or the root folder of a stage. */
  readonly root: string;
  /** Undefined for a stage, of which nothing is left out. */
  readonly guard: SourceGuard | undefined;
}

/**
 * Which paths of a context its `.dockerignore` leaves out: patterns with `*`, `**` and `?`, one a
 * line; the last that fits decides, and `!` takes back.
 */
export function ignoredBy(context: string): (path: string) => boolean {
  const file = join(context, ".dockerignore");
  if (!existsSync(file)) return () => false;
  const rules = readFileSync(file, "utf8")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const keeps = line.startsWith("!");
      const pattern = posix.normalize(keeps ? line.slice(1).trim() : line).replace(/^\/|\/$/g, "");
      return { keeps, pattern };
    });
  const ignores = (inner: string): boolean => {
    let ignored = false;
    for (const { keeps, pattern } of rules) {
      const fits = posix.matchesGlob(inner, pattern) || posix.matchesGlob(inner, `${pattern}/**`);
      if (fits) ignored = !keeps;
    }
    return ignored;
  };
  const takesBack = rules.some(({ keeps }) => keeps);
  return (path) => {
    const inner = relative(context, path);
    if (inner === "" || !ignores(inner)) return false;
    // A folder may hold something that is taken back; its files are asked about one by one.
    return !(takesBack && isFolder(path));
  };
}

const isFolder = (path: string): boolean => existsSync(join(path, "."));

/** What is to be copied into a root folder, put together where nothing else is. */
export interface StagedCopy {
  /** What a builder would have done and this has not. */
  readonly notices: readonly string[];
  /** Names in the staging folder, of archives that are to be unpacked. */
  readonly archives: readonly string[];
  /** The one file that the target may name; undefined where the target is a folder. */
  readonly onlyFile: string | undefined;
}

/**
 * Puts together what one COPY or ADD copies. It is brought into the root folder by a command inside,
 * where links cannot lead to this machine.
 * @param staging an empty folder
 * @throws Agent33Error `evaluation.environment_failed`, `evaluation.path_escape`,
 * `evaluation.copy_failed`, `evaluation.copy_unsupported`
 */
export async function stageCopy(
  step: CopyStep,
  source: CopySource,
  staging: string,
  tools: FolderTools,
): Promise<StagedCopy> {
  const at = `Dockerfile, line ${step.line}: ${step.keyword}`;
  const notices = step.idleFlags.map((flag) => idleFlag(step.line, flag));
  const archives: string[] = [];
  let hasFolder = false;
  const found = await sourcesOf(step, source, notices, at);
  for (const { path, name } of found) {
    const isWhole = (await stat(path)).isDirectory();
    hasFolder ||= isWhole;
    if (!isWhole && isArchive(step.keyword, path)) archives.push(name);
    const to = isWhole ? staging : join(staging, name);
    if (source.guard !== undefined) await copyTree(path, to, source.guard, step.mode);
    else if (isWhole) await copyEntries(path, to, tools);
    else await tools.copy(path, to);
  }
  for (const { name, text } of step.files) {
    await writeFile(join(staging, name), text, step.mode === undefined ? {} : { mode: step.mode });
  }
  const names = [...found.map(({ name }) => name), ...step.files.map(({ name }) => name)];
  const isOne = names.length === 1 && !hasFolder && !step.target.endsWith("/");
  return { notices, archives, onlyFile: isOne && archives.length === 0 ? names[0] : undefined };
}

/** What brings the staged files to their place, and the script's arguments. */
export function copyScript(
  { archives, onlyFile }: StagedCopy,
  staging: string,
  target: string,
): readonly [string, ...string[]] {
  if (onlyFile !== undefined) {
    const script = `if [ -d "$2" ]; then cp -a "$1" "$2/"; else mkdir -p "$(dirname "$2")" && cp -a "$1" "$2"; fi`;
    return ["/bin/sh", "-c", script, "sh", `${staging}/${onlyFile}`, target];
  }
  const script = `set -e
from=$1; to=$2; shift 2
mkdir -p "$to"
cp -a "$from/." "$to/"
for name in "$@"; do tar --no-same-owner -xf "$from/$name" -C "$to"; rm "$to/$name"; done`;
  return ["/bin/sh", "-c", script, "sh", staging, target, ...archives];
}

interface Found {
  readonly path: string;
  readonly name: string;
}

async function sourcesOf(
  step: CopyStep,
  { root, guard }: CopySource,
  notices: string[],
  at: string,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const source of step.sources) {
    if (isDownload(step.keyword, source)) {
      notices.push(notDownloaded(step.line, source));
      continue;
    }
    const named =
      isPattern(source) && !existsSync(contextPath(root, source))
        ? await matching(root, posix.normalize(source).replace(/^\/+/, ""))
        : [source];
    if (named.length === 0) throw environmentFailed(`${at}: nothing fits "${source}"`);
    for (const name of named) {
      const path =
        guard === undefined
          ? await resolveInside(root, posix.resolve("/", name))
          : contextPath(root, name);
      if (path === undefined || !isWithin(root, path)) {
        throw environmentFailed(`${at}: "${name}" lies outside of what can be copied`);
      }
      if (guard?.skip(path) === true) continue;
      if (!existsSync(path)) throw environmentFailed(`${at}: there is no "${name}"`);
      found.push({ path, name: basename(name) });
    }
  }
  return found;
}

/** Names that fit a pattern, part by part, as a builder reads it: no part fits a `/`. */
async function matching(root: string, pattern: string): Promise<readonly string[]> {
  let found: readonly string[] = [""];
  for (const part of pattern.split("/")) {
    const next: string[] = [];
    for (const folder of found) {
      const names = isFolder(join(root, folder)) ? await readdir(join(root, folder)) : [];
      for (const name of names.toSorted()) {
        // Builders let `*` fit a leading dot, shells do not.
        if (posix.matchesGlob(name.replace(/^\./, "_"), part) || posix.matchesGlob(name, part)) {
          next.push(posix.join(folder, name));
        }
      }
    }
    found = next;
  }
  return found;
}

async function copyEntries(from: string, to: string, tools: FolderTools): Promise<void> {
  for (const name of await readdir(from)) await tools.copy(join(from, name), join(to, name));
}
