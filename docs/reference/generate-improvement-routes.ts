import { writeFileSync } from "node:fs";
import { improvementRoutesPage } from "./improvement-routes.ts";

// Run with: node docs/reference/generate-improvement-routes.ts
writeFileSync(new URL("./improvement-routes.md", import.meta.url), improvementRoutesPage());
