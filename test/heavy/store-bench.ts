import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import type { Random } from "../../src/base/random.ts";
import { databaseFile } from "../../src/store/store.ts";
import type { StoreCheck } from "./store-check.ts";

/** A new folder for the stores of one suite. */
export function benchFolder(suite: string): string {
  return mkdtempSync(join(tmpdir(), `agent33-${suite}-`));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * A copy of a store that nobody writes to, as a killed process left it: the file and its
 * write-ahead log. Looking at the copy leaves the recovery to whoever opens the store next.
 */
export function copyStore(dataDir: string, to: string): string {
  removeFolder(to);
  mkdirSync(to, { recursive: true });
  for (const suffix of ["", "-wal"]) {
    const from = join(dataDir, `${databaseFile}${suffix}`);
    if (existsSync(from)) cpSync(from, join(to, `${databaseFile}${suffix}`));
  }
  return join(to, databaseFile);
}

/** The whole backups in a store's folder, oldest first. */
export function backupsOf(dataDir: string): readonly string[] {
  return filesOfBackups(dataDir).filter((path) => /-(?:upgrade|migrate)$/.test(path));
}

/** The database of a backup as a file of its own; nothing of the code under test is asked. */
export function databaseOfBackup(path: string, to: string): string {
  writeFileSync(to, zstdDecompressSync(readFileSync(join(path, "store.db.zst"))));
  return to;
}

/** How many unfinished copies killed backups have left behind. */
export function partialsOf(dataDir: string): number {
  return filesOfBackups(dataDir).filter((path) => path.endsWith(".partial")).length;
}

function filesOfBackups(dataDir: string): readonly string[] {
  const folder = join(dataDir, "backups");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}

/** Between `low` and `high`, the latter not reached. */
export function between(random: Random, low: number, high: number): number {
  return low + random.next() * (high - low);
}

export function oneOf<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[Math.floor(random.next() * items.length)] ?? items[0];
}

/** Milliseconds, waited for without a timer's rounding up to the next whole one. */
export async function waitMs(ms: number): Promise<void> {
  const until = performance.now() + ms;
  if (ms > 2) await new Promise((resolve) => setTimeout(resolve, Math.floor(ms) - 1));
  while (performance.now() < until) await new Promise(setImmediate);
}

/** The value below which a share of the sorted values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function spread(values: readonly number[]): string {
  if (values.length === 0) return "none";
  const [middle, most] = [quantile(values, 0.5), Math.max(...values)];
  return `p50 ${middle.toFixed(0)} ms, max ${most.toFixed(0)} ms`;
}

/** What a check found wrong, in a few words each. */
export function faultsOf(check: StoreCheck): readonly string[] {
  const some = (what: string, list: readonly string[]) =>
    list.length === 0 ? [] : [`${list.length} ${what}: ${list.slice(0, 3).join("; ")}`];
  return [
    ...some("lost", check.lost),
    ...some("doubled", check.doubled),
    ...some("problems", check.problems),
  ];
}
