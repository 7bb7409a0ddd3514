// Starts once; every later start ends at once. The file named by the argument counts the starts.
import { appendFileSync, readFileSync } from "node:fs";
import { serve } from "./rpc.mjs";

appendFileSync(process.argv[2], "x");
if (readFileSync(process.argv[2], "utf8").length > 1) {
  process.stderr.write("the lock file is still there\n");
  process.exit(4);
}
serve({ tools: [{ name: "die" }], call: () => process.exit(1) });
