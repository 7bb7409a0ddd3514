import { posix } from "node:path";
import { parse } from "yaml";
import { isAgent33Error, messageOf } from "../base/errors.ts";
import { canonicalJson, isJsonObject, type JsonObject, toJsonValue } from "../base/json.ts";
import { attempt } from "../base/result.ts";
import { type CompiledPolicy, compilePolicy, selectPacks } from "../boundary/policy/index.ts";
import { duplicateIds, duplicatePack, readLibrary } from "../boundary/policy/load.ts";
import type { LoadedPack } from "../boundary/policy/pack.ts";
import { parsePack } from "../boundary/policy/pack-file.ts";
import { type Direction, directionOf, united } from "../boundary/policy/tools/direction.ts";
import { ruleChanges, type SaidRule } from "../boundary/policy/tools/rule-changes.ts";
import { policySelectionSchema, type PolicySelection } from "../config/schema.ts";
import { compileParts, type PolicyParts } from "./policy.ts";

export { directions } from "../boundary/policy/tools/direction.ts";

/** What a repository holds of policy at one commit: texts by their paths from its top. */
export interface PolicySide {
  /** Files named `agent33.config.yaml`. */
  readonly settings: ReadonlyMap<string, string>;
  /** YAML files that may be packs. */
  readonly files: ReadonlyMap<string, string>;
}

/** One rule that differs. */
export interface ChangedRule {
  readonly rule: string;
  readonly direction: Direction;
  readonly before: SaidRule | null;
  readonly after: SaidRule | null;
}

/** One policy that differs: what settings put in force, or a pack by itself. */
export interface ChangedPolicy {
  readonly subject: string;
  readonly direction: Direction;
  /** What there is to say of it besides. */
  readonly note: string;
  readonly rules: readonly ChangedRule[];
  /** What holds where no rule matches, where that differs. */
  readonly default: { readonly before: string; readonly after: string } | null;
}

/** What two commits say of policy. */
export interface PolicyComparison {
  readonly direction: Direction;
  readonly policies: readonly ChangedPolicy[];
  /** Other settings that differ, by their names: a value may be a secret. */
  readonly settings: readonly { readonly path: string; readonly names: readonly string[] }[];
  /** What could not be read, and so was not compared. */
  readonly unread: readonly { readonly path: string; readonly side: Side; readonly why: string }[];
}

type Side = "base" | "head";
type Unread = PolicyComparison["unread"][number];

/**
 * Compares what the settings of two commits put in force, part by part, and each pack that changed.
 * Packs that an installation brings are those of this engine. What is wrong at a side is said.
 * @param changed paths that differ between the two
 */
export function comparePolicies(
  before: PolicySide,
  after: PolicySide,
  changed: ReadonlySet<string>,
): PolicyComparison {
  const unread: Unread[] = [];
  const tried = <T>(path: string, side: Side, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!isAgent33Error(error) && !(error instanceof Unreadable)) throw error;
      unread.push({ path, side, why: messageOf(error) });
      return undefined;
    }
  };
  const policies: ChangedPolicy[] = [];
  const settings: { path: string; names: readonly string[] }[] = [];
  const paths = new Set([...before.settings.keys(), ...after.settings.keys()]);
  for (const path of [...paths].toSorted()) {
    const one = tried(path, "base", () => partsAt(before, path));
    const other = tried(path, "head", () => partsAt(after, path));
    if (one !== undefined && other !== undefined) policies.push(...changedParts(path, one, other));
    if (!changed.has(path)) continue;
    const names = tried(path, "head", () => changedSettings(before, after, path)) ?? [];
    if (names.length > 0) settings.push({ path, names });
  }
  for (const path of [...changed].filter((one) => mayBePack(one)).toSorted()) {
    if (!before.files.has(path) && !after.files.has(path)) continue;
    const one = tried(path, "base", () => packAt(before, path));
    const other = tried(path, "head", () => packAt(after, path));
    if (unread.some((problem) => problem.path === path)) continue;
    const differs = changedPack(path, one, other);
    if (differs !== undefined) policies.push(differs);
  }
  const direction = united(policies.map((policy) => policy.direction));
  return { direction, policies, settings, unread };
}

/**
 * The files and folders with packs that settings name, from the top of the repository. Settings that
 * cannot be read name none: {@link comparePolicies} says what is wrong with them.
 */
export function packFilesNamed(path: string, text: string): readonly string[] {
  const read = attempt(() => objectOf(text, path));
  const policy = read.ok ? read.value["policy"] : undefined;
  const files = isJsonObject(policy) ? policy["files"] : undefined;
  if (!Array.isArray(files)) return [];
  return files.flatMap((file) =>
    typeof file === "string" && !posix.isAbsolute(file) ? [below(posix.dirname(path), file)] : [],
  );
}

const below = (folder: string, file: string): string =>
  posix.normalize(posix.join(folder, file)).replace(/\/$/, "");

class Unreadable extends Error {}

const mayBePack = (path: string): boolean =>
  /\.ya?ml$/.test(path) && posix.basename(path) !== "agent33.config.yaml";

function objectOf(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new Unreadable(`${what} is no YAML: ${messageOf(cause)}`, { cause });
  }
  if (value === null) return {};
  if (isJsonObject(value)) return value;
  throw new Unreadable(`${what} does not hold a table.`);
}

/** What settings put in force at one side; without a file, what the engine has by itself. */
function partsAt(side: PolicySide, path: string): PolicyParts {
  const text = side.settings.get(path);
  const { policy = {} } = text === undefined ? {} : objectOf(text, path);
  const read = policySelectionSchema.safeParse(policy);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = ["policy", ...(issue?.path ?? [])].map(String).join(".");
    throw new Unreadable(`${where}: ${issue?.message ?? "is not in its form"}`);
  }
  return compileParts(read.data, libraryOf(side, posix.dirname(path), read.data));
}

function libraryOf(side: PolicySide, folder: string, { files }: PolicySelection) {
  const library = new Map(ownLibrary(side));
  const from = new Map<string, string>();
  for (const file of files.flatMap((named) => packFilesOf(side, folder, named))) {
    const pack = packIn(side, file);
    const other = from.get(pack.name) ?? (library.has(pack.name) ? "what the engine brings" : "");
    if (other !== "" && from.get(pack.name) !== file) throw duplicatePack(pack.name, file, other);
    library.set(pack.name, pack);
    from.set(pack.name, file);
  }
  return library;
}

/** What the engine brings; in the repository of the engine itself, as it is at this side. */
function ownLibrary(side: PolicySide): ReadonlyMap<string, LoadedPack> {
  const library = new Map(readLibrary());
  for (const path of side.files.keys()) {
    if (posix.dirname(path) !== "packs" || !isPack(side, path)) continue;
    const pack = packIn(side, path);
    if (library.has(pack.name)) library.set(pack.name, pack);
  }
  return library;
}

function packFilesOf(side: PolicySide, folder: string, named: string): readonly string[] {
  const path = below(folder, named);
  if (posix.isAbsolute(named) || path.startsWith("..")) {
    throw new Unreadable(`policy.files names ${named}, which is not in the repository.`);
  }
  if (side.files.has(path)) return [path];
  const inside = [...side.files.keys()].filter((file) => posix.dirname(file) === path);
  if (inside.length > 0) return inside.toSorted();
  throw new Unreadable(`policy.files names ${named}, which is not there.`);
}

function isPack(side: PolicySide, path: string): boolean {
  try {
    return typeof objectOf(side.files.get(path) ?? "", path)["pack"] === "string";
  } catch (error) {
    if (error instanceof Unreadable) return false;
    throw error;
  }
}

function packIn(side: PolicySide, path: string): LoadedPack {
  const pack = parsePack(side.files.get(path) ?? "", path);
  const [problem] = duplicateIds(pack);
  if (problem !== undefined) throw problem;
  return pack;
}

/** A pack by itself, with what it extends; undefined where the side has no such file. */
function packAt(side: PolicySide, path: string): CompiledPolicy | undefined {
  const text = side.files.get(path);
  if (text === undefined) return undefined;
  if (!("pack" in objectOf(text, path))) {
    throw new Unreadable("It is no policy pack (it has no `pack:`); it was not compared.");
  }
  const library = new Map(ownLibrary(side));
  const beside = [...side.files.keys()].filter((one) => posix.dirname(one) === posix.dirname(path));
  for (const file of beside) {
    // One that is broken is said of where it changed, and named where it is missed.
    if (file === path || !isPack(side, file)) continue;
    const other = packIn(side, file);
    library.set(other.name, other);
  }
  const pack = packIn(side, path);
  library.set(pack.name, pack);
  return compilePolicy(selectPacks(library, [pack.name], path));
}

function changedParts(path: string, before: PolicyParts, after: PolicyParts) {
  const pairs: (readonly [string, CompiledPolicy | undefined, CompiledPolicy | undefined])[] = [
    ["everybody", before.base, after.base],
    ...(["byEntryPoint", "byTenant"] as const).flatMap((by) => {
      const [one, other] = [
        new Map<string, CompiledPolicy | undefined>(before[by]),
        new Map<string, CompiledPolicy | undefined>(after[by]),
      ];
      const whose = by === "byTenant" ? "the tenant " : "calls by ";
      return [...new Set([...one.keys(), ...other.keys()])].map(
        (name) => [`${whose}${name}`, one.get(name), other.get(name)] as const,
      );
    }),
  ];
  return pairs.flatMap(([whom, one, other]) => {
    const subject = `${path}, for ${whom}`;
    if (one !== undefined && other !== undefined) {
      const differs = difference(subject, one, other);
      return differs === undefined ? [] : [differs];
    }
    const policy = one ?? other;
    if (policy === undefined) return [];
    // A part has to allow a call besides: more parts never allow more.
    const direction = one === undefined ? ("tightened" as const) : ("loosened" as const);
    const note = one === undefined ? "it holds besides, and did not" : "it does not hold any more";
    const rules = rulesOf(policy, one === undefined ? "after" : "before", direction);
    return [{ subject, direction, note, rules, default: null }];
  });
}

function changedPack(
  path: string,
  one: CompiledPolicy | undefined,
  other: CompiledPolicy | undefined,
): ChangedPolicy | undefined {
  if (one !== undefined && other !== undefined) return difference(path, one, other);
  const policy = one ?? other;
  if (policy === undefined) return undefined;
  const [at, note] =
    one === undefined
      ? (["after", "a new pack: it decides nothing until settings select it"] as const)
      : (["before", "the pack is gone: settings that select it do not start"] as const);
  return { subject: path, direction: "same", note, rules: rulesOf(policy, at), default: null };
}

function rulesOf(
  { rules }: CompiledPolicy,
  at: "before" | "after",
  direction: Direction = "same",
): readonly ChangedRule[] {
  const { added } = ruleChanges(nothing, { ...nothing, rules });
  return added.map((rule) => ({
    rule: rule.ruleId,
    direction,
    before: at === "before" ? rule : null,
    after: at === "after" ? rule : null,
  }));
}

type Compared = Parameters<typeof ruleChanges>[0];
const nothing: Compared = compilePolicyOfNothing();

function compilePolicyOfNothing(): Compared {
  const pack = parsePack(
    "{pack: nothing, version: 1, description: none, default: ask, rules: []}",
    "nothing",
  );
  return compilePolicy([pack]);
}

function difference(
  subject: string,
  before: CompiledPolicy,
  after: CompiledPolicy,
): ChangedPolicy | undefined {
  const changes = ruleChanges(before, after);
  const { overall, rules: ways, fallback } = directionOf(before, after);
  const way = (rule: SaidRule): Direction => ways.get(rule.ruleId) ?? "same";
  const rules: ChangedRule[] = [
    ...changes.removed.map((rule) => ({ before: rule, after: null, of: rule })),
    ...changes.added.map((rule) => ({ before: null, after: rule, of: rule })),
    ...changes.changed.map((pair) => ({ ...pair, of: pair.after })),
  ].map(({ of, ...sides }) => ({ rule: of.ruleId, direction: way(of), ...sides }));
  const changed = changes.default ?? null;
  if (rules.length === 0 && changed === null && fallback === "same") return undefined;
  return { subject, direction: overall, note: "", rules, default: changed };
}

/** Names of settings besides the policy's that differ. */
function changedSettings(before: PolicySide, after: PolicySide, path: string): readonly string[] {
  const [one, other] = [before, after].map((side) => {
    const text = side.settings.get(path);
    return new Map(text === undefined ? [] : leavesOf(objectOf(text, path)));
  });
  if (one === undefined || other === undefined) return [];
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((name) => name !== "policy" && !name.startsWith("policy."))
    .filter((name) => one.get(name) !== other.get(name))
    .toSorted();
}

function leavesOf(table: JsonObject, above = ""): readonly (readonly [string, string])[] {
  return Object.entries(table).flatMap(([key, value]) => {
    const name = above === "" ? key : `${above}.${key}`;
    if (isJsonObject(value) && Object.keys(value).length > 0) return leavesOf(value, name);
    return [[name, canonicalJson(toJsonValue(value))] as const];
  });
}
