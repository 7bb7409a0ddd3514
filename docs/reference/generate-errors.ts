import { writeFileSync } from "node:fs";
import { errorCodes, errorsPage } from "./errors-page.ts";

// Run with: node docs/reference/generate-errors.ts
writeFileSync(new URL("./errors.md", import.meta.url), errorsPage(errorCodes()));
