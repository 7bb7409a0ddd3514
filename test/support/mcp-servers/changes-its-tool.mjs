// Describes its tool differently in each life; the file named by the argument counts the lives.
import { appendFileSync, readFileSync } from "node:fs";
import { serve, textResult } from "./rpc.mjs";

const lives = process.argv[2];
appendFileSync(lives, "x");
const life = readFileSync(lives, "utf8").length;

serve({
  tools: [{ name: "steady" }, { name: "shifty", description: `As of life ${life}.` }],
  call: (name, args) => {
    if (args.die === true) process.exit(1);
    return textResult(`${name} in life ${life}`);
  },
});
