// Starts once; every later start takes longer than anybody waits. The file counts the starts.
import { appendFileSync, readFileSync } from "node:fs";
import { serve } from "./rpc.mjs";

appendFileSync(process.argv[2], "x");
const slow = readFileSync(process.argv[2], "utf8").length > 1 ? { initialize: () => {} } : {};
serve({ tools: [{ name: "die" }], call: () => process.exit(1), ...slow });
