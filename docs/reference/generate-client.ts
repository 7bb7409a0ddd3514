import { writeFileSync } from "node:fs";
import { clientSource } from "./client-source.ts";

// Run with: node docs/reference/generate-client.ts
writeFileSync(new URL("../../client/operations.ts", import.meta.url), clientSource());
