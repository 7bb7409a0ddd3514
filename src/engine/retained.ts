import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** Beside the store: when what is too old was removed last. */
export const retainedName = "retained.json";

const retainedSchema = z.strictObject({ at: z.int() });

/** When that was, in milliseconds since the Unix epoch; undefined where it is not known. */
export function readRetained(dataDir: string): number | undefined {
  const path = join(dataDir, retainedName);
  if (!existsSync(path)) return undefined;
  try {
    return retainedSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data?.at;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
