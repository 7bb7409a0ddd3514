import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { priceOverrideSchema } from "../models/prices.ts";
import type { Settings } from "./schema.ts";

const pricesSchema = z.record(z.string(), priceOverrideSchema);

/**
 * The prices of the settings, and beneath them those of the file that `pricesFile` names.
 * @throws Agent33Error `config.unreadable`, `config.malformed`, `config.invalid_value`
 */
export function withPricesFile(
  { prices, pricesFile }: Pick<Settings, "prices" | "pricesFile">,
  cwd: string,
): Settings["prices"] {
  if (pricesFile === undefined) return prices;
  const parsed = pricesSchema.safeParse(dataOf(pricesFile, cwd) ?? {});
  if (parsed.success) return { ...parsed.data, ...prices };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Agent33Error(
    "config.invalid_value",
    `The prices in ${pricesFile} are not valid: ${problems.join("; ")}.`,
    {
      hint: "Write each as `MODEL: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 }`, in US dollars.",
      cause: parsed.error,
    },
  );
}

function dataOf(file: string, cwd: string): unknown {
  let text: string;
  try {
    text = readFileSync(resolve(cwd, file), "utf8");
  } catch (cause) {
    throw new Agent33Error(
      "config.unreadable",
      `The file ${file} of the setting pricesFile cannot be read: ${messageOf(cause)}`,
      { hint: "Check the path; it starts in the folder that AGENT-33 is started in.", cause },
    );
  }
  try {
    return parse(text);
  } catch (cause) {
    throw new Agent33Error("config.malformed", `${file}: ${messageOf(cause)}`, {
      hint: "Mend the YAML.",
      cause,
    });
  }
}
