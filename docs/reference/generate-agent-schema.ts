import { writeFileSync } from "node:fs";
import { definitionJsonSchema } from "../../src/agents/definition-file.ts";

// Run with: node docs/reference/generate-agent-schema.ts
writeFileSync(
  new URL("./agent.schema.json", import.meta.url),
  `${JSON.stringify(definitionJsonSchema(), undefined, 2)}\n`,
);
