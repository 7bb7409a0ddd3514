import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { jobsIn } from "../evaluation/jobs/job-state.ts";
import type { Store } from "../store/store.ts";
import type { Host } from "./host.ts";

const dayMs = 86_400_000;

/** What went, and why something that is old enough stays. */
export interface Counted {
  readonly removed: number;
  readonly kept: readonly string[];
}

interface FileParts {
  readonly opened: Store;
  readonly dataDir: string;
  readonly host: Host;
  readonly tenants: readonly string[];
}

/**
 * Removes folders of runs that are no longer there, and contents of workspaces that no run refers
 * to. What is younger than a day stays: a run that is being made may have it.
 */
export async function removeRunFiles(parts: FileParts): Promise<void> {
  const { opened, dataDir, host, tenants } = parts;
  const runs = join(dataDir, "runs");
  const isOld = (path: string): boolean => host.clock.now() - statSync(path).mtimeMs > dayMs;
  for (const id of namesIn(runs)) {
    const known = await Promise.all(
      tenants.map((tenant) => opened.backend.tenant(tenant).runs.get(id)),
    );
    if (known.every((run) => run === undefined) && isOld(join(runs, id))) {
      rmSync(join(runs, id), { recursive: true, force: true });
    }
  }
  const named = new Set(namesIn(runs).flatMap((id) => digestsIn(join(runs, id))));
  const kept = join(dataDir, "kept");
  for (const group of namesIn(kept)) {
    for (const digest of namesIn(join(kept, group))) {
      const path = join(kept, group, digest);
      if (!named.has(digest) && isOld(path)) rmSync(path, { force: true });
    }
  }
}

/** Every digest in the files that say which contents a run's workspace had. */
function digestsIn(folder: string): readonly string[] {
  return namesIn(folder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").match(/[0-9a-f]{64}/g) ?? []);
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
}

interface TelemetryFiles {
  readonly host: Host;
  readonly dryRun: boolean;
  /** The file of `telemetry.jsonl`. */
  readonly path: string | undefined;
  readonly rotate: (name: (path: string) => string) => string | undefined;
}

/**
 * Begins a new file where the present one is a day old, and removes those of before that were
 * written last before a moment.
 */
export function removeTelemetry(
  { host, dryRun, path, rotate }: TelemetryFiles,
  before: number,
): Counted {
  if (path === undefined) return { removed: 0, kept: [] };
  const now = host.clock.now();
  if (!dryRun && firstAt(path) < now - dayMs) rotate((present) => movedName(present, now));
  const extension = extname(path);
  const start = `${basename(path, extension)}.`;
  const moved = namesIn(dirname(path)).filter(
    (name) =>
      name.startsWith(start) &&
      /^\d{8}T\d{9}Z$/.test(name.slice(start.length, -extension.length || undefined)),
  );
  const old = moved
    .map((name) => join(dirname(path), name))
    .filter((one) => movedAt(one, extension) < before);
  if (!dryRun) for (const one of old) rmSync(one, { force: true });
  return { removed: old.length, kept: [] };
}

/** `told.jsonl` as `told.20261123T060000000Z.jsonl`. */
function movedName(path: string, at: number): string {
  const extension = extname(path);
  const time = new Date(at).toISOString().replaceAll(/[-:.]/g, "");
  return join(dirname(path), `${basename(path, extension)}.${time}${extension}`);
}

/** When a file was moved, by its name: all that is in it happened before. */
function movedAt(path: string, extension: string): number {
  const time = basename(path, extension).slice(-19);
  const [, day, clock, ms] = /^(\d{8})T(\d{6})(\d{3})Z$/.exec(time) ?? [];
  if (day === undefined || clock === undefined) return Number.POSITIVE_INFINITY;
  const parts = [day.slice(0, 4), day.slice(4, 6), day.slice(6)].join("-");
  const hours = [clock.slice(0, 2), clock.slice(2, 4), clock.slice(4)].join(":");
  return Date.parse(`${parts}T${hours}.${ms}Z`);
}

const firstLineBytes = 64 * 1024;

/** When the first thing that a file tells of happened. */
function firstAt(path: string): number {
  if (!existsSync(path)) return Number.POSITIVE_INFINITY;
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(firstLineBytes);
    const length = readSync(file, bytes, 0, firstLineBytes, 0);
    const [line = ""] = bytes.toString("utf8", 0, length).split("\n");
    const at = /"at":(\d+)/.exec(line)?.[1];
    return at === undefined ? Number.POSITIVE_INFINITY : Number(at);
  } finally {
    closeSync(file);
  }
}

/** Removes jobs that are done and were written to last before a moment. */
export async function removeEvaluations(
  folder: string,
  before: number,
  dryRun: boolean,
): Promise<Counted> {
  if (!existsSync(folder)) return { removed: 0, kept: [] };
  const jobs = await jobsIn(folder);
  const old = jobs.filter(({ dir }) => newestIn(dir) < before);
  const done = old.filter(({ begun, done: ended, trials }) => begun === 0 && ended === trials);
  if (!dryRun) for (const { dir } of done) rmSync(dir, { recursive: true, force: true });
  const open = old.length - done.length;
  return {
    removed: done.length,
    kept:
      open === 0 ? [] : [`jobs that are not done: ${open}; agent33 eval resume goes on with them.`],
  };
}

function newestIn(dir: string): number {
  return Math.max(
    statSync(dir).mtimeMs,
    ...readdirSync(dir).map((name) => statSync(join(dir, name)).mtimeMs),
  );
}
