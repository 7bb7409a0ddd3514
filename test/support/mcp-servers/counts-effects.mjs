// Writes down each thing that it was told to do, and takes a little time for it. Its answers are the
// same in every run.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { answer, serve, textResult } from "./rpc.mjs";

const [, , folder] = process.argv;
const inputSchema = { type: "object", properties: { what: { type: "string" } } };

serve({
  tools: ["look", "put", "ring"].map((name) => ({ name, inputSchema })),
  call: (name, { what = "" }, id) => {
    if (name !== "look") appendFileSync(join(folder, "effects.log"), `${name} ${what}\n`);
    setTimeout(() => answer(id, textResult(`${name}: done`)), 150);
  },
});
