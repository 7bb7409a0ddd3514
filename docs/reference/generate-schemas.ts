import { writeFileSync } from "node:fs";
import { replayReportJsonSchema } from "../../src/agents/replay/report.ts";

// Run with: node docs/reference/generate-schemas.ts
writeFileSync(
  new URL("./replay-report.schema.json", import.meta.url),
  `${JSON.stringify(replayReportJsonSchema(), undefined, 2)}\n`,
);
