import type { Agent33Error } from "../../../base/errors.ts";
import { policyProblems } from "../check.ts";
import { type CompileOptions, compileRules } from "../compile.ts";
import { placeOf, type Position } from "../errors.ts";
import { type PackLibrary, selectPacks, shippedFolder, unknownPack } from "../load.ts";
import type { LoadedPack } from "../pack.ts";
import { orTell, readShelf } from "./lint-shelf.ts";
import { type LintPart, pointlessPart } from "./pointless-part.ts";
import { pointlessRules } from "./pointless.ts";

export interface LintRequest extends CompileOptions {
  /** Pack files and folders to look at. None: the shipped ones and `paths`. */
  readonly files: readonly string[];
  /** The further pack files and folders of the settings. */
  readonly paths: readonly string[];
  /** The packs that apply together. */
  readonly select: readonly string[];
  /** What holds besides, for some of the calls. */
  readonly parts?: readonly LintPart[];
}

/** A pack by its name, and where the name stands; what the settings say has no place. */
interface Needed {
  readonly name: string;
  readonly at?: Position;
}

/** Something wrong (the policy would be refused) or odd (it would not). */
export interface LintProblem {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Absent for what comes from the settings. */
  readonly at?: Position;
}

export interface LintReport {
  /** By file, line and column; those of the settings first. */
  readonly problems: readonly LintProblem[];
  readonly files: number;
  readonly rules: number;
}

/**
 * Finds every problem of pack files at once. A pack among `files` stands in for one of the same
 * name elsewhere, so that a pack can be looked at before it takes the other's place.
 */
export function lintPacks(request: LintRequest): LintReport {
  const { files, paths, select, blocklist = {}, parts = [] } = request;
  const found = new Map<string, LintProblem>();
  const tell = (
    error: Agent33Error,
    severity: LintProblem["severity"] = "error",
    setting?: string,
  ): void => {
    const problem = problemOf(error, severity);
    // What stands in no file stands in the settings, and there are several places in these.
    const isPart = problem.at === undefined && parts.some((part) => part.setting === setting);
    const told = isPart ? { ...problem, message: `${setting}: ${problem.message}` } : problem;
    const key = `${error.code} ${isPart ? setting : ""} ${error.message}`;
    if (!found.has(key)) found.set(key, told);
  };
  const everything = [shippedFolder, ...paths];
  const looked = readShelf(files.length === 0 ? everything : files, new Set(), tell);
  const others = readShelf(files.length === 0 ? [] : everything, new Set(looked.files), tell);
  const library = new Map(
    [...others.packs, ...looked.packs].map(([name, { pack }]) => [name, pack] as const),
  );
  const broken = new Set([...others.broken, ...looked.broken]);

  const asks = new Set(
    [...library.values()].flatMap(({ name, rules }) =>
      rules.flatMap(({ id, effect }) => (effect === "ask" ? [`${name}/${id}`] : [])),
    ),
  );

  /** @param setting what names the packs; absent for a pack by itself */
  const check = (needed: readonly Needed[], setting?: string, options: CompileOptions = {}) => {
    const { packs, missing } = gather(needed, library);
    for (const { name, at } of missing)
      if (!broken.has(name)) tell(unknownPack(name, at, library, setting ?? "policy.packs"));
    if (missing.length === 0) {
      const names = needed.map(({ name }) => name);
      orTell(tell, () => selectPacks(library, names));
    }
    const rules = compileRules(packs, options);
    // Which packs will be selected beside a pack by itself is not known.
    const problems = policyProblems(packs, rules, setting === undefined ? asks : undefined);
    for (const problem of problems) tell(problem, "error", setting);
    return { packs, rules };
  };
  for (const { pack } of looked.packs.values()) check([{ name: pack.name }]);
  const named = (names: readonly string[]) => names.map((name) => ({ name }));
  const base = check(named(select), "policy.packs", { blocklist });
  for (const problem of pointlessRules(base.packs, base.rules)) tell(problem, "warning");
  for (const part of parts) {
    const packs = part.select.length === 0 ? select : part.select;
    const made = check(named(packs), part.setting, { blocklist: part.blocklist });
    for (const problem of pointlessPart(part, made.packs, base)) tell(problem, "warning");
  }
  return {
    problems: [...found.values()].sort(byPlace),
    files: looked.files.length,
    rules: [...looked.packs.values()].reduce((sum, { pack }) => sum + pack.rules.length, 0),
  };
}

/** The packs that are needed, the extended first, as far as they are there, and what is not. */
function gather(
  needed: readonly Needed[],
  library: PackLibrary,
): { readonly packs: readonly LoadedPack[]; readonly missing: readonly Needed[] } {
  const packs = new Set<LoadedPack>();
  const missing: Needed[] = [];
  const open = new Set<LoadedPack>();
  const visit = (reference: Needed): void => {
    const pack = library.get(reference.name);
    if (pack === undefined) missing.push(reference);
    if (pack === undefined || open.has(pack)) return;
    open.add(pack);
    for (const other of pack.extends) visit(other);
    packs.add(pack);
  };
  for (const reference of needed) visit(reference);
  return { packs: [...packs], missing };
}

function problemOf(error: Agent33Error, severity: LintProblem["severity"]): LintProblem {
  const { file, line, column } = error.details ?? {};
  const at =
    typeof file === "string" && typeof line === "number" && typeof column === "number"
      ? { file, line, column }
      : undefined;
  const place = `${placeOf(at)}: `;
  const { code, hint = "" } = error;
  const message = error.message.startsWith(place)
    ? error.message.slice(place.length)
    : error.message;
  return { severity, code, message, hint, ...(at === undefined ? {} : { at }) };
}

function byPlace(a: LintProblem, b: LintProblem): number {
  const [one, other] = [a.at, b.at];
  if (one === undefined || other === undefined) {
    return Number(one !== undefined) - Number(other !== undefined);
  }
  if (one.file !== other.file) return one.file < other.file ? -1 : 1;
  return one.line - other.line || one.column - other.column;
}
