import { resolve } from "node:path";
import { type LintReport, lintPacks } from "../boundary/policy/tools/lint.ts";
import type { Config } from "../config/config.ts";
import type { Host } from "./host.ts";

export type PolicyLint = LintReport;

/** Every problem of pack files, under the settings' selection. Nothing is called. */
export function lintPolicy(config: Config, host: Host, files: readonly string[]): PolicyLint {
  const { packs, files: paths, blockConnectors, blockOperations } = config.settings.policy;
  const full = (path: string): string => resolve(host.cwd, path);
  return lintPacks({
    files: files.map(full),
    paths: paths.map(full),
    select: packs,
    blocklist: { connectors: blockConnectors, operations: blockOperations },
  });
}
