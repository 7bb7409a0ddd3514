import { globMatcher } from "../base/glob.ts";
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

const builtIn: readonly {
  readonly rule: string;
  readonly level: RiskLevel;
  readonly why: string;
  readonly paths: readonly string[];
}[] = [
  {
    rule: "dependencies",
    level: "medium",
    why: "what it is built of changes",
    paths: [
      "*package.json",
      "*package-lock.json",
      "*pnpm-lock.yaml",
      "*yarn.lock",
      "*go.mod",
      "*go.sum",
      "*Cargo.lock",
      "*requirements*.txt",
      "*pyproject.toml",
      "*uv.lock",
    ],
  },
  {
    rule: "schema",
    level: "high",
    why: "stored data changes its form, and going back may not be possible",
    paths: ["*migration*", "*.sql", "*schema.ts", "*.schema.json"],
  },
  {
    rule: "policy",
    level: "high",
    why: "what is allowed changes: look at `agent33 policy diff`, with --replay over the audit",
    paths: ["packs/*", "*/packs/*", "*policy*.yaml", "*policies/*"],
  },
  {
    rule: "pipeline",
    level: "high",
    why: "what checks changes is changed itself",
    paths: [".github/*", ".ci/*", "*agent33.release.yaml", "*agent33.gates.yaml", "*CODEOWNERS"],
  },
];

/** Judges a change by rules: the built-in ones, those of the settings, and its size. */
export function riskOf(files: readonly ChangedFile[], settings: ReleaseSettings["risk"]): Risk {
  const own = settings.rules.map(({ name, ...rule }) => ({ rule: name, ...rule }));
  const byPath = [...builtIn, ...own].flatMap(({ paths, ...rule }) => {
    const fits = globMatcher(paths);
    const hit = files
      .filter(({ path, was }) => fits(path) || (was !== undefined && fits(was)))
      .map(({ path }) => path);
    return hit.length === 0 ? [] : [{ ...rule, paths: hit }];
  });
  const findings = [...byPath, ...sizeFinding(files, settings)];
  const rank = (level: RiskLevel): number => riskLevels.indexOf(level);
  const level = findings.reduce<RiskLevel>(
    (most, finding) => (rank(finding.level) > rank(most) ? finding.level : most),
    "low",
  );
  return { level, findings };
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
