import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { testGrant } from "./egress.ts";
import { temporaryFolder } from "./temporary.ts";

const grant = testGrant("makes a repository to try releases in", { spawn: true });

/** A repository of its own, without the tester's settings. */
export interface ScratchRepository {
  readonly folder: string;
  git(...args: readonly string[]): string;
  write(path: string, text: string): void;
  /** Writes files and commits them. Returns the hash. */
  commit(message: string, files?: Readonly<Record<string, string>>): string;
  /** Merges a branch of one commit into main. Returns the merge's hash. */
  land(branch: string, message: string, files: Readonly<Record<string, string>>): string;
}

export function scratchRepository(folder: string = temporaryFolder("release")): ScratchRepository {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@example.org",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.org",
  };
  const git = (...args: readonly string[]): string =>
    grant.run(() =>
      execFileSync("git", args, { cwd: folder, env, encoding: "utf8", stdio: "pipe" }),
    );
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const commit = (message: string, files: Readonly<Record<string, string>> = {}): string => {
    for (const [path, text] of Object.entries(files)) write(path, text);
    git("add", "-A");
    git("commit", "-q", "--allow-empty", "-m", message);
    return git("rev-parse", "HEAD").trim();
  };
  git("init", "-q", "-b", "main");
  git("config", "user.name", "a");
  git("config", "user.email", "a@example.org");
  commit("Begin", { "README.md": "scratch\n" });
  return {
    folder,
    git,
    write,
    commit,
    land: (branch, message, files) => {
      git("checkout", "-q", "-b", branch, "main");
      commit(message, files);
      git("checkout", "-q", "main");
      git("merge", "-q", "--no-ff", "-m", `Merge ${branch}`, branch);
      return git("rev-parse", "HEAD").trim();
    },
  };
}

/** Writes a JUnit report of `checks.txt`: a test a line, `name`, `name fail`, `name skip` or `name flaky`. */
const runner = `
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
const once = process.env.FLAKY_MARK ?? "flaky.mark";
const lines = readFileSync("checks.txt", "utf8").trim().split("\\n");
let bad = false;
const cases = lines.map((line) => {
  const [name, end] = line.split(" ");
  const fails = end === "fail" || (end === "flaky" && !existsSync(once));
  if (end === "flaky") writeFileSync(once, "");
  bad ||= fails;
  const inner = fails ? '<failure message="it broke"/>' : end === "skip" ? "<skipped/>" : "";
  return '<testcase name="' + name + '" time="0.01">' + inner + "</testcase>";
});
mkdirSync("out", { recursive: true });
writeFileSync("out/unit.xml", "<testsuite>" + cases.join("") + "</testsuite>");
process.exitCode = bad ? 1 : 0;
`;

/** What a repository needs for a group `unit` whose tests are the lines of `checks.txt`. */
export function releaseFiles(checks: readonly string[], more = ""): Record<string, string> {
  return {
    ".gitignore": ".agent33/\nout/\nflaky.mark\nkey.pem\n",
    "run.mjs": runner,
    "checks.txt": `${checks.join("\n")}\n`,
    "agent33.release.yaml": `groups:\n  unit: { run: [node, run.mjs], report: out/unit.xml }\n${more}`,
  };
}
