import { writeFileSync } from "node:fs";
import { packsPage } from "../../src/boundary/policy/docs.ts";
import { readLibrary } from "../../src/boundary/policy/load.ts";

// Run with: node docs/policy/generate.ts
writeFileSync(new URL("./packs.md", import.meta.url), packsPage([...readLibrary().values()]));
