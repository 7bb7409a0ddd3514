import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { boards } from "./boards/all.ts";
import { fileOf } from "./build.ts";

/** Writes the dashboards that Grafana reads: `node deploy/grafana/generate.ts`. */
for (const board of boards) {
  const { name, text } = fileOf(board);
  writeFileSync(join(import.meta.dirname, "dashboards", name), text);
}
