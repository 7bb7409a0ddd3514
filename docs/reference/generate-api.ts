import { writeFileSync } from "node:fs";
import { apiPage } from "./api-page.ts";
import { cliAndApiPage } from "./cli-and-api-page.ts";

// Run with: node docs/reference/generate-api.ts
writeFileSync(new URL("./api.md", import.meta.url), apiPage());
writeFileSync(new URL("./cli-and-api.md", import.meta.url), cliAndApiPage());
