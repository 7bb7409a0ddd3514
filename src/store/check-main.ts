import { constants, setPriority } from "node:os";
import { z } from "zod";
import { toAgent33Error } from "../base/errors.ts";
import { fullCheck } from "./check.ts";
import { checkTold } from "./last-check.ts";

/**
 * A process that reads a store from end to end: its first argument is the order as JSON. It prints
 * what it found, or the error, as one line of JSON.
 */
const orderSchema = z.strictObject({ path: z.string(), at: z.int() });

try {
  // Whoever works on the store meanwhile comes first.
  setPriority(constants.priority.PRIORITY_LOW);
  const { path, at } = orderSchema.parse(JSON.parse(process.argv[2] ?? ""));
  const report = checkTold(fullCheck(path), at);
  process.stdout.write(`${JSON.stringify({ report })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: toAgent33Error(error).toJSON() })}\n`);
  process.exitCode = 1;
}
