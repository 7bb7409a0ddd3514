import { globMatcher } from "../base/glob.ts";
import type { Changes } from "./changes.ts";
import { builtIn, lookedInto } from "./risk-rules.ts";
import type { ChangedFile } from "./scope.ts";
import { type ReleaseSettings, type RiskLevel, riskLevels } from "./settings.ts";

/** One reason why a change is of a risk. */
export interface RiskFinding {
  readonly rule: string;
  readonly level: RiskLevel;
  readonly why: string;
  readonly paths: readonly string[];
}

/** How much can go wrong, and why it is thought so: the highest of what was found. */
export interface Risk {
  readonly level: RiskLevel;
  readonly findings: readonly RiskFinding[];
}

/**
 * Judges a change by rules: by what it does to policy, dependencies and schemas, by the paths that the
 * built-in rules and the settings name, and by its size.
 */
export function riskOf(
  files: readonly ChangedFile[],
  changes: Changes,
  settings: ReleaseSettings["risk"],
): Risk {
  const own = settings.rules.map(({ name, ...rule }) => ({ rule: name, ...rule }));
  const byPath = [...builtIn, ...own].flatMap(({ paths, ...rule }) => {
    const hit = touching(files, globMatcher(paths));
    return hit.length === 0 ? [] : [{ ...rule, paths: hit }];
  });
  const findings = [...inside(files, changes), ...byPath, ...sizeFinding(files, settings)];
  const rank = (level: RiskLevel): number => riskLevels.indexOf(level);
  const level = findings.reduce<RiskLevel>(
    (most, finding) => (rank(finding.level) > rank(most) ? finding.level : most),
    "low",
  );
  return { level, findings };
}

function touching(
  files: readonly ChangedFile[],
  fits: (path: string) => boolean,
): readonly string[] {
  return files
    .filter(({ path, was }) => fits(path) || (was !== undefined && fits(was)))
    .map(({ path }) => path);
}

function inside(
  files: readonly ChangedFile[],
  { policy, dependencies, schemas }: Changes,
): readonly RiskFinding[] {
  const found = (
    rule: keyof typeof lookedInto,
    { level, why }: { readonly level: RiskLevel; readonly why: string },
  ): RiskFinding => ({ rule, level, why, paths: touching(files, lookedInto[rule]) });
  return [
    ...(dependencies === null ? [] : [found("dependencies", dependencyRisk(dependencies))]),
    ...(schemas === null ? [] : [found("schema", schemaRisk(schemas))]),
    ...(policy === null ? [] : [found("policy", policyRisk(policy))]),
  ];
}

type Judged = { readonly level: RiskLevel; readonly why: string };

const policyWords = {
  same: ["low", "no rule in force decides otherwise"],
  tightened: ["medium", "tightened: less is allowed"],
  loosened: ["high", "loosened: more is allowed"],
  mixed: ["high", "loosened in some rules and tightened in others"],
  unclear: ["high", "the rules alone do not tell whether it is loosened or tightened"],
} as const;

function policyRisk({
  direction,
  policies,
  settings,
  unread,
}: NonNullable<Changes["policy"]>): Judged {
  const [level, why] = policyWords[direction];
  const more = [
    why,
    ...(policies.some(({ note }) => note !== "") ? ["packs or parts come or go"] : []),
    ...(settings.length > 0 ? ["other settings change"] : []),
    ...(unread.length > 0 ? [`${unread.length} could not be compared`] : []),
  ];
  if (unread.length > 0) return { level: "high", why: more.join("; ") };
  return { level: level === "low" && more.length > 1 ? "medium" : level, why: more.join("; ") };
}

function dependencyRisk({ named, locked, unread }: NonNullable<Changes["dependencies"]>): Judged {
  const of = (which: (one: (typeof named)[number]) => boolean): number =>
    named.filter(which).length;
  const scripts = locked.flatMap((one) => one.scripts);
  const sum = (key: "added" | "removed" | "changed"): number =>
    locked.reduce((all, one) => all + one[key], 0);
  const major = named.filter((one) => one.major === true).map(({ name }) => name);
  const why = [
    `${of(({ before }) => before === null)} added, ${of(({ after }) => after === null)} removed, ${of(({ before, after }) => before !== null && after !== null)} changed`,
    ...(major.length === 0 ? [] : [`major: ${major.join(", ")}`]),
    ...(locked.length === 0
      ? []
      : [`installed: ${sum("added")} added, ${sum("removed")} removed, ${sum("changed")} changed`]),
    ...(scripts.length === 0 ? [] : [`run a script when installed: ${scripts.join(", ")}`]),
    ...(unread.length === 0 ? [] : [`${unread.length} could not be compared`]),
  ].join("; ");
  const nothing =
    named.length + unread.length + sum("added") + sum("removed") + sum("changed") === 0;
  if (scripts.length > 0) return { level: "high", why };
  return nothing ? { level: "low", why: "no dependency changes" } : { level: "medium", why };
}

function schemaRisk({ files, unread }: NonNullable<Changes["schemas"]>): Judged {
  const named = (breaking: string): string =>
    files
      .filter((file) => file.breaking === breaking)
      .map(({ path }) => path)
      .join(", ");
  const [breaks, unclear] = [named("yes"), named("unclear")];
  const why = [
    ...(breaks === "" ? [] : [`breaks what relies on it: ${breaks}`]),
    ...(unclear === "" ? [] : [`a person has to tell whether it breaks: ${unclear}`]),
    ...(unread.length === 0 ? [] : [`${unread.length} could not be compared`]),
  ];
  if (why.length > 0) return { level: "high", why: why.join("; ") };
  return { level: "medium", why: "what relied on it still holds" };
}

function sizeFinding(
  files: readonly ChangedFile[],
  { mediumLines, highLines }: ReleaseSettings["risk"],
): readonly RiskFinding[] {
  const lines = files.reduce((sum, { added, removed }) => sum + added + removed, 0);
  if (lines < Math.min(mediumLines, highLines)) return [];
  const level = lines >= highLines ? "high" : "medium";
  return [{ rule: "size", level, why: `${lines} lines change`, paths: [] }];
}
