import { resolve } from "node:path";
import { digestOf } from "../base/digest.ts";
import {
  type CompiledPolicy,
  compilePolicy,
  readLibrary,
  selectPacks,
  strictestOf,
} from "../boundary/policy/index.ts";
import type { PackLibrary } from "../boundary/policy/load.ts";
import type { Config } from "../config/config.ts";
import {
  type EntryPoint,
  entryPoints,
  type PolicyPart,
  type PolicySelection,
} from "../config/schema.ts";

/** Whose calls a policy is for. */
export interface PolicyFor {
  readonly entryPoint: EntryPoint;
  readonly tenant: string;
}

/** A selection with everything in it compiled, whoever it is for. */
export interface CompiledSelection {
  /** Of all that is in it. */
  readonly version: string;
  /** As strict as the strictest of what holds for all, for this entry point and for this tenant. */
  policyFor(whom: PolicyFor): CompiledPolicy;
}

/**
 * Compiles a selection of packs: what holds for everybody, and each part for an entry point or a
 * tenant, wanted today or not, so that a mistake in it is found at start-up.
 * @param cwd folder that relative pack files start from
 * @param originOf where a setting was written, for messages
 * @throws Agent33Error `policy.*` for bad packs and names
 */
export function compileSelection(
  selection: PolicySelection,
  cwd: string,
  originOf?: Config["originOf"],
): CompiledSelection {
  const library = readLibrary(selection.files.map((path) => resolve(cwd, path)));
  const { base, byEntryPoint, byTenant } = compileParts(selection, library, originOf);
  const united = new Map<string, CompiledPolicy>();
  const versionsOf = (parts: ReadonlyMap<string, CompiledPolicy | undefined>) =>
    [...parts].map(([name, part]) => [name, part?.version ?? null]);
  return {
    version: digestOf([base.version, versionsOf(byEntryPoint), versionsOf(byTenant)]),
    policyFor: ({ entryPoint, tenant }) => {
      const key = `${entryPoint} ${tenant}`;
      const parts = [byEntryPoint.get(entryPoint), byTenant.get(tenant)];
      const policy =
        united.get(key) ?? strictestOf([base, ...parts.filter((part) => part !== undefined)]);
      united.set(key, policy);
      return policy;
    },
  };
}

/** A selection with its parts apart: each has to allow a call. */
export interface PolicyParts {
  /** What holds for everybody. */
  readonly base: CompiledPolicy;
  readonly byEntryPoint: ReadonlyMap<EntryPoint, CompiledPolicy | undefined>;
  readonly byTenant: ReadonlyMap<string, CompiledPolicy | undefined>;
}

/**
 * Compiles a selection from packs that were read.
 * @throws Agent33Error `policy.*` for bad packs and names
 */
export function compileParts(
  selection: PolicySelection,
  library: PackLibrary,
  originOf?: Config["originOf"],
): PolicyParts {
  // A part that names no packs is about those that hold for all.
  const compilePart = (part: PolicyPart, setting: string): CompiledPolicy => {
    const origin = originOf?.(setting);
    const where = origin === undefined ? setting : `${setting} (${origin.name})`;
    const packs = part.packs.length === 0 ? selection.packs : part.packs;
    return compilePolicy(selectPacks(library, packs, where), {
      blocklist: { connectors: part.blockConnectors, operations: part.blockOperations },
    });
  };
  const partOf = (part: PolicyPart, setting: string): CompiledPolicy | undefined =>
    isEmptyPart(part) ? undefined : compilePart(part, setting);
  return {
    base: compilePart(selection, "policy.packs"),
    byEntryPoint: new Map(
      entryPoints.map((name) => [
        name,
        partOf(selection.entryPoints[name], `policy.entryPoints.${name}.packs`),
      ]),
    ),
    byTenant: new Map(
      Object.entries(selection.tenants).map(([name, part]) => [
        name,
        partOf(part, "policy.tenants"),
      ]),
    ),
  };
}

/** Whether a part says nothing, as that of an entry point which the settings do not name. */
export function isEmptyPart({ packs, blockConnectors, blockOperations }: PolicyPart): boolean {
  return packs.length + blockConnectors.length + blockOperations.length === 0;
}
