import { readFileSync, writeFileSync } from "node:fs";
import { matrixTable, runProbes } from "./probes/run.ts";

// Run with: node test/egress/matrix-main.ts [--write]
const page = new URL("../../docs/verification/egress-guard.md", import.meta.url);
const table = matrixTable(await runProbes());
process.stdout.write(`${table}\n`);
if (process.argv.includes("--write")) {
  const text = readFileSync(page, "utf8");
  writeFileSync(
    page,
    text.replace(/^\| way out [\s\S]*?\n(?!\|)/m, () => `${table}\n`),
  );
}
