import { toAgent33Error } from "../../base/errors.ts";
import { takeSnapshot } from "./snapshot.ts";

/**
 * A process that takes one snapshot: the first argument is the store's file, the second the
 * snapshot's. It prints the report, or the error, as one line of JSON.
 */
const [source = "", target = ""] = process.argv.slice(2);
try {
  process.stdout.write(`${JSON.stringify({ report: takeSnapshot(source, target) })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: toAgent33Error(error).toJSON() })}\n`);
  process.exitCode = 1;
}
