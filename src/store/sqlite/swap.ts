import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { makeFolder, putFile, syncToDisk } from "../../base/disk.ts";
import { Agent33Error } from "../../base/errors.ts";
import { lastCheckName } from "../last-check.ts";

/** A store's file and what SQLite keeps beside it: together they are its state. */
const parts = ["", "-wal", "-shm"] as const;

/** What is to be done, by names in the store's folder. */
const planSchema = z.strictObject({ from: z.string().min(1), aside: z.string().min(1) });

/** The files that a store has at most. */
export function storeParts(databasePath: string): readonly string[] {
  return parts.map((part) => `${databasePath}${part}`);
}

/** The file beside a store's that is there while another takes its place. */
export function swapPlanOf(databasePath: string): string {
  return `${databasePath.replace(/\.db$/, "")}.restore`;
}

/** Whether there is a store, be it one that a killed restore has yet to be put in its place. */
export function isStoreThere(databasePath: string): boolean {
  return existsSync(databasePath) || existsSync(swapPlanOf(databasePath));
}

/**
 * Puts a file in a store's place, and the store with its side files into a folder of their own.
 * Renaming is one file at a time, so what is to be done is written down first: whoever opens the
 * store next goes on where a killed process was. The caller has the store's lock alone.
 * @param from a folder beside the store with a file of the store's name, which is on the disk
 * @param aside a folder for what was there, below the store's; made if need be
 */
export function swapIn(databasePath: string, from: string, aside: string): void {
  const plan = JSON.stringify({ from, aside });
  putFile(swapPlanOf(databasePath), plan, "plan");
  finishSwap(databasePath);
}

/**
 * Does what is left of a swap, all of it or nothing; the caller has the store's lock alone.
 * @throws Agent33Error `store.restore_plan`, and what node:fs throws
 */
export function finishSwap(databasePath: string): void {
  const plan = readPlan(databasePath);
  if (plan === undefined) return;
  const folder = dirname(databasePath);
  const name = basename(databasePath);
  const fresh = join(folder, plan.from, name);
  // While the new file waits, whatever has the store's names is the old store's.
  if (existsSync(fresh)) {
    const aside = join(folder, plan.aside);
    makeFolder(aside);
    for (const part of parts) {
      const old = `${databasePath}${part}`;
      if (existsSync(old)) renameSync(old, join(aside, `${name}${part}`));
    }
    syncToDisk(aside);
    // What was found was of the old one.
    rmSync(join(folder, lastCheckName), { force: true });
    renameSync(fresh, databasePath);
    syncToDisk(folder);
  }
  rmSync(swapPlanOf(databasePath));
  syncToDisk(folder);
  rmSync(join(folder, plan.from), { recursive: true, force: true });
}

function readPlan(databasePath: string): z.infer<typeof planSchema> | undefined {
  const path = swapPlanOf(databasePath);
  if (!existsSync(path)) return undefined;
  const parsed = planSchema.safeParse(jsonIn(path));
  if (parsed.success) return parsed.data;
  throw new Agent33Error("store.restore_plan", `${path} does not say what is to be restored.`, {
    hint: "It was changed by something else. Move it away, and restore the store again.",
    details: { path },
  });
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
