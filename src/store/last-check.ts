import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { putFile } from "../base/disk.ts";
import type { StoreCheck } from "./check.ts";
import { damageError } from "./seals/damaged-row.ts";

/** Beside the store: what the last reading of all of it found. */
export const lastCheckName = "checked.json";
const mostTold = 100;

export const lastCheckSchema = z.strictObject({
  /** When it began, milliseconds since the Unix epoch. */
  at: z.int(),
  sound: z.boolean(),
  rows: z.int().nonnegative(),
  /** What is wrong, or the first of it. */
  problems: z.array(z.string()),
});
export type LastCheck = z.infer<typeof lastCheckSchema>;

/** A check in few words. */
export function checkTold({ sound, rows, problems, damaged }: StoreCheck, at: number): LastCheck {
  const said = [...problems, ...damaged.map((row) => damageError(row).message)];
  return { at, sound, rows, problems: said.slice(0, mostTold) };
}

/** The last reading of all of a store; undefined where there was none, or it is not known. */
export function readLastCheck(dataDir: string): LastCheck | undefined {
  const path = join(dataDir, lastCheckName);
  if (!existsSync(path)) return undefined;
  try {
    return lastCheckSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function writeLastCheck(dataDir: string, check: LastCheck): void {
  putFile(join(dataDir, lastCheckName), `${JSON.stringify(check)}\n`, String(check.at));
}
