import { constants, setPriority } from "node:os";
import { z } from "zod";
import { toAgent33Error } from "../../base/errors.ts";
import { findBackup, listBackups } from "./catalogue.ts";
import { verifyAll } from "./verify.ts";

/**
 * A process that reads backups and a journal from end to end: its first argument is the order as
 * JSON. It prints what it found, or the error, as one line of JSON.
 */
const orderSchema = z.strictObject({
  folder: z.string(),
  /** One of the folder's backups; all of them, and the journal, without it. */
  name: z.string().exactOptional(),
  journal: z.string(),
  /** A folder of whoever ordered it, who takes it away in any case. */
  within: z.string(),
});

/** Of lists that may be long. */
const shown = 50;

try {
  // Whoever works on the store meanwhile comes first.
  setPriority(constants.priority.PRIORITY_LOW);
  const { folder, name, journal, within } = orderSchema.parse(JSON.parse(process.argv[2] ?? ""));
  const chosen = name === undefined ? listBackups(folder) : [findBackup(folder, name, folder)];
  const histories = name === undefined ? journal : undefined;
  const found = await verifyAll(chosen, histories, () => undefined, within);
  const faulty = found.backups.flatMap(({ id, fault }) =>
    fault === undefined ? [] : [{ id, error: fault.toJSON() }],
  );
  const report = {
    whole: found.whole,
    backups: found.backups.length,
    faulty: faulty.slice(0, shown),
    journal: found.journal.slice(-shown).map(({ problems, ...history }) => ({
      ...history,
      problems: problems.slice(0, shown),
    })),
  };
  process.stdout.write(`${JSON.stringify({ report })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: toAgent33Error(error).toJSON() })}\n`);
  process.exitCode = 1;
}
