import { globMatcher } from "../base/glob.ts";
import type { RiskLevel } from "./settings.ts";

/** A rule by paths that every repository has. */
export interface RiskRule {
  readonly rule: string;
  readonly level: RiskLevel;
  readonly why: string;
  readonly paths: readonly string[];
}

const policyPaths = [
  "packs/*",
  "*/packs/*",
  "*policy*.yaml",
  "*policy*.yml",
  "*policies/*",
  "agent33.config.yaml",
  "*/agent33.config.yaml",
];
const dependencyPaths = [
  "*package.json",
  "*package-lock.json",
  "*pnpm-lock.yaml",
  "*yarn.lock",
  "*go.mod",
  "*go.sum",
  "*Cargo.toml",
  "*Cargo.lock",
  "*requirements*.txt",
  "*pyproject.toml",
  "*uv.lock",
];
const schemaPaths = [
  "*migration*",
  "*.sql",
  "*schema.ts",
  "*schema/*",
  "*.schema.json",
  "*openapi*.json",
  "*openapi*.yaml",
  "*openapi*.yml",
  "*swagger*.json",
  "*swagger*.yaml",
];

/** Whether a path is looked into for what changed there, by the rule that names it. */
export const lookedInto = {
  policy: globMatcher(policyPaths),
  dependencies: globMatcher(dependencyPaths),
  schema: globMatcher(schemaPaths),
};

/** Rules that go by paths alone. What is found inside of policy, dependencies and schemas is said besides. */
export const builtIn: readonly RiskRule[] = [
  {
    rule: "secrets",
    level: "critical",
    why: "a file for keys or secrets is in the change: if one is real it has to be replaced, for git keeps it",
    paths: [
      "*.pem",
      "*.key",
      "*.p12",
      "*.pfx",
      "*.jks",
      "*.keystore",
      ".env",
      ".env.*",
      "*/.env",
      "*/.env.*",
      "*id_rsa",
      "*id_ecdsa",
      "*id_ed25519",
      "*.npmrc",
      "*.netrc",
      "*.pgpass",
      "*credentials.json",
      "*secrets.json",
      "*secrets.yaml",
      "*secrets.yml",
      "*.tfstate",
    ],
  },
  {
    rule: "pipeline",
    level: "high",
    why: "what checks changes is changed itself",
    paths: [".github/*", ".ci/*", "*agent33.release.yaml", "*agent33.gates.yaml", "*CODEOWNERS"],
  },
];
