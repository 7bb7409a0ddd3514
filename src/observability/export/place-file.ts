import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { putFile } from "../../base/disk.ts";

const count = z.number().nonnegative();

/** How far an export has come, over restarts. */
export const exportPlaceSchema = z.object({
  place: z.record(
    z.string(),
    z.object({ calls: z.number(), runs: z.number(), open: z.record(z.string(), z.number()) }),
  ),
  /** Of a file: its length once all of this was in it. */
  bytes: count,
  exported: count,
  dropped: count,
  failures: count,
});
export type ExportPlace = z.infer<typeof exportPlaceSchema>;

const atTheBeginning: ExportPlace = { place: {}, bytes: 0, exported: 0, dropped: 0, failures: 0 };

/**
 * The place that was kept; the beginning where there is none.
 * @throws ZodError, SyntaxError where the file is another's
 */
export function readExportPlace(path: string): ExportPlace {
  if (!existsSync(path)) return atTheBeginning;
  return exportPlaceSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}

export function writeExportPlace(path: string, place: ExportPlace, mark: string): void {
  putFile(path, JSON.stringify(place), mark);
}
