import { dirname, resolve } from "node:path";
import type { Blocklist } from "../boundary/policy/compile.ts";
import { compilePolicy, loadPacks } from "../boundary/policy/index.ts";
import { type LintReport, lintPacks } from "../boundary/policy/tools/lint.ts";
import type { LintPart } from "../boundary/policy/tools/pointless-part.ts";
import { type PolicyTestFile, readTestFile } from "../boundary/policy/tools/test-file.ts";
import { type PolicyCaseResult, runCases } from "../boundary/policy/tools/test-run.ts";
import type { Config } from "../config/config.ts";
import { entryPoints, type PolicyPart } from "../config/schema.ts";
import type { Host } from "./host.ts";
import { compileSelection, isEmptyPart } from "./policy.ts";

export type PolicyLint = LintReport;

/** Every problem of pack files, under the settings' selection. Nothing is called. */
export function lintPolicy(config: Config, host: Host, files: readonly string[]): PolicyLint {
  const {
    packs,
    files: paths,
    entryPoints: byEntryPoint,
    tenants,
    ...all
  } = config.settings.policy;
  const full = (path: string): string => resolve(host.cwd, path);
  /** @param written a setting of the part, by which its place in the settings is known */
  const partOf = (setting: string, written: string, part: PolicyPart): LintPart => ({
    setting: `${setting} (${config.originOf(written).name})`,
    select: part.packs,
    blocklist: blocklistOf(part),
  });
  // An entry point has a part also where the settings say nothing of it.
  const ofEntryPoints = entryPoints.flatMap((name) => {
    const part = byEntryPoint[name];
    if (isEmptyPart(part)) return [];
    const setting = `policy.entryPoints.${name}`;
    const said = Object.entries(part).find(([, values]) => values.length > 0)?.[0] ?? "packs";
    return [partOf(setting, `${setting}.${said}`, part)];
  });
  const ofTenants = Object.entries(tenants).map(([name, part]) =>
    partOf(`policy.tenants.${name}`, "policy.tenants", part),
  );
  return lintPacks({
    files: files.map(full),
    paths: paths.map(full),
    select: packs,
    blocklist: blocklistOf(all),
    parts: [...ofEntryPoints, ...ofTenants],
  });
}

function blocklistOf({
  blockConnectors,
  blockOperations,
}: Pick<PolicyPart, "blockConnectors" | "blockOperations">): Required<Blocklist> {
  return { connectors: blockConnectors, operations: blockOperations };
}

export interface PolicyTestReport {
  readonly cases: readonly PolicyCaseResult[];
  /** Milliseconds since the Unix epoch. */
  readonly start: number;
  readonly stop: number;
}

/**
 * Asks policies about the calls of test files. Nothing is called.
 * @throws Agent33Error `policy.*` where a file or a policy cannot be used
 */
export function testPolicy(config: Config, host: Host, files: readonly string[]): PolicyTestReport {
  const { tenant, user, policy: selection } = config.settings;
  const start = host.clock.now();
  const compiled = ({ file, policy: select, files: own }: PolicyTestFile) => {
    const inForce = (set: typeof selection) =>
      compileSelection(set, host.cwd, config.originOf).policyFor({ entryPoint: "cli", tenant });
    if (select === undefined && own.length === 0) return inForce(selection);
    const paths = [
      ...selection.files.map((path) => resolve(host.cwd, path)),
      ...own.map((path) => resolve(dirname(file), path)),
    ];
    if (select !== undefined) return compilePolicy(loadPacks({ select, paths }));
    return inForce({ ...selection, files: paths });
  };
  const cases = files.flatMap((path) => {
    const read = readTestFile(resolve(host.cwd, path), { tenant, user });
    return runCases(compiled(read), read.cases, host.clock);
  });
  return { cases, start, stop: host.clock.now() };
}
