import { writeFileSync } from "node:fs";
import { replayReportJsonSchema } from "../../src/agents/replay/report.ts";
import { gatesJsonSchema } from "../../src/evaluation/gates/gates-file.ts";
import { definitionJsonSchema } from "../../src/agents/definition-file.ts";
import { surfaceJsonSchema } from "../../src/evaluation/surface/surface-file.ts";
import { releaseJsonSchema } from "../../src/release/settings.ts";

// Run with: node docs/reference/generate-schemas.ts
const schemas = {
  "agent.schema.json": definitionJsonSchema(),
  "gates.schema.json": gatesJsonSchema(),
  "release.schema.json": releaseJsonSchema(),
  "replay-report.schema.json": replayReportJsonSchema(),
  "surface.schema.json": surfaceJsonSchema(),
};
for (const [name, schema] of Object.entries(schemas)) {
  const file = new URL(`./${name}`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(schema, undefined, 2)}\n`);
}
