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
