import { resolve } from "node:path";
import type { LoadedPack, LoadedRule } from "../boundary/policy/pack.ts";
import { policyError } from "../boundary/policy/errors.ts";
import { readLibrary, selectPacks } from "../boundary/policy/load.ts";
import { suggestName } from "../base/nearest.ts";
import type { Config } from "../config/config.ts";
import { entryPoints, type PolicyPart } from "../config/schema.ts";
import type { Host } from "./host.ts";

type RuleLimit = Omit<NonNullable<LoadedRule["limit"]>, "sum"> & { readonly sum?: string };

/** One rule of a pack as it is shown. */
export type PackRule = Omit<LoadedRule, "when" | "limit" | "at"> & {
  readonly when?: string;
  readonly limit?: RuleLimit;
  readonly line?: number;
};

/** A pack that can be selected. */
export interface PackListing
  extends Pick<LoadedPack, "name" | "version" | "description" | "default" | "mode"> {
  readonly extends: readonly string[];
  /** Whether calls of this tenant are decided by it now, for any entry point. */
  readonly selected: boolean;
  readonly rules: readonly PackRule[];
}

/**
 * Every pack that the settings can select, the shipped ones too.
 * @throws Agent33Error `policy.*` where a pack is bad
 */
export function listPacks(config: Config, { cwd }: Pick<Host, "cwd">): readonly PackListing[] {
  const { files, packs, entryPoints: byEntryPoint, tenants } = config.settings.policy;
  const library = readLibrary(files.map((path) => resolve(cwd, path)));
  const parts: readonly (PolicyPart | undefined)[] = [
    ...entryPoints.map((name) => byEntryPoint[name]),
    tenants[config.settings.tenant],
  ];
  const named = [...packs, ...parts.flatMap((part) => part?.packs ?? [])];
  const selected = new Set(selectPacks(library, named).map(({ name }) => name));
  return [...library.values()]
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((pack) => listing(pack, selected));
}

/** One of them. @throws Agent33Error `policy.unknown_pack`, `policy.*` */
export function packNamed(name: string, config: Config, host: Pick<Host, "cwd">): PackListing {
  const packs = listPacks(config, host);
  const found = packs.find((pack) => pack.name === name);
  if (found !== undefined) return found;
  const known = packs.map((pack) => pack.name);
  const message = `there is no policy pack "${name}".`;
  throw policyError("unknown_pack", undefined, message, suggestName(name, known));
}

function listing(pack: LoadedPack, selected: ReadonlySet<string>): PackListing {
  const { name, version, description, mode } = pack;
  return {
    name,
    version,
    description,
    extends: pack.extends.map((other) => other.name),
    default: pack.default,
    ...(mode === undefined ? {} : { mode }),
    selected: selected.has(name),
    rules: pack.rules.map(ruleOf),
  };
}

function ruleOf({ when, limit, at, ...rule }: LoadedRule): PackRule {
  return {
    ...rule,
    ...(when === undefined ? {} : { when: when.text }),
    ...(limit === undefined ? {} : { limit: limitOf(limit) }),
    ...(at === undefined ? {} : { line: at.line }),
  };
}

function limitOf({ sum, ...limit }: NonNullable<LoadedRule["limit"]>): RuleLimit {
  return sum === undefined ? limit : { ...limit, sum: sum.text };
}
