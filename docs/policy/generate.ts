import { writeFileSync } from "node:fs";
import { packsPage } from "../../src/boundary/policy/docs.ts";
import { readLibrary } from "../../src/boundary/policy/load.ts";
import { packJsonSchema } from "../../src/boundary/policy/pack-schema.ts";

// Run with: node docs/policy/generate.ts
writeFileSync(new URL("./packs.md", import.meta.url), packsPage([...readLibrary().values()]));
writeFileSync(
  new URL("./pack.schema.json", import.meta.url),
  `${JSON.stringify(packJsonSchema(), undefined, 2)}\n`,
);
