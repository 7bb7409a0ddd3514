import { resolve } from "node:path";
import { importCedar } from "../boundary/policy/import/cedar.ts";
import { loadCedar } from "../boundary/policy/import/cedar-library.ts";
import { importClaudeCode } from "../boundary/policy/import/claude-code.ts";
import type { Imported } from "../boundary/policy/import/imported-pack.ts";
import { readPackFile } from "../boundary/policy/load.ts";
import type { Host } from "./host.ts";

export type PolicyImport = Imported;
export type PolicySource = "claude-code" | "cedar";

/**
 * Makes a pack of another product's policy. What packs cannot say is data, with its place.
 * @param name of the pack
 * @throws Agent33Error `policy.unreadable_pack`, `policy.cedar_missing`
 */
export async function importPolicy(
  source: PolicySource,
  file: string,
  name: string,
  host: Host,
): Promise<PolicyImport> {
  const path = resolve(host.cwd, file);
  const text = readPackFile(path);
  if (source === "claude-code") return importClaudeCode(text, path, name);
  return importCedar(await loadCedar(), text, path, name);
}
