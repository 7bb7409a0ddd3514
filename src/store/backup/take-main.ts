import { constants, setPriority } from "node:os";
import { z } from "zod";
import { toAgent33Error } from "../../base/errors.ts";
import { backupKinds } from "./manifest.ts";
import { takeBackup } from "./take.ts";

/**
 * A process that makes one backup: its first argument is the order as JSON. It prints the report,
 * or the error, as one line of JSON.
 */
/** Of a list that may be long. */
const shown = 100;

const orderSchema = z.strictObject({
  dataDir: z.string(),
  folder: z.string(),
  kind: z.enum(backupKinds),
  at: z.number(),
  engine: z.string(),
  keep: z
    .strictObject({
      newest: z.number(),
      hours: z.number(),
      days: z.number(),
      weeks: z.number(),
      months: z.number(),
    })
    .exactOptional(),
  keepJournalDays: z.number().exactOptional(),
  waitMs: z.number().exactOptional(),
});

try {
  // Whoever writes to the store meanwhile comes first.
  setPriority(constants.priority.PRIORITY_LOW);
  const order = orderSchema.parse(JSON.parse(process.argv[2] ?? ""));
  const { path, damaged, trouble } = await takeBackup(order);
  const report = { path, damaged: damaged.slice(0, shown), trouble };
  process.stdout.write(`${JSON.stringify({ report })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: toAgent33Error(error).toJSON() })}\n`);
  process.exitCode = 1;
}
