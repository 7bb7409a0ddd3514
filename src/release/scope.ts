import { commitOf, type Git } from "./git.ts";
import { codeowners, codeownersPlaces } from "./owners.ts";

/** A file that a change touches. */
export interface ChangedFile {
  readonly path: string;
  /** Its path before, where it was renamed. */
  readonly was?: string;
  /** Lines; 0 for a binary file. */
  readonly added: number;
  readonly removed: number;
  readonly owners: readonly string[];
}

/** What a change is, as git tells it. */
export interface Scope {
  readonly base: string;
  /** Where the change left the base. */
  readonly from: string;
  readonly head: string;
  readonly tree: string;
  readonly commits: readonly { readonly commit: string; readonly subject: string }[];
  readonly files: readonly ChangedFile[];
  readonly areas: readonly {
    readonly area: string;
    readonly files: number;
    readonly owners: readonly string[];
  }[];
}

/**
 * Reads what a change is. Owners are those of the base: a change does not name its own reviewers.
 * @throws Agent33Error `release.unknown_revision`, `release.git_failed`
 */
export async function scopeOf(git: Git, base: string, revision: string): Promise<Scope> {
  const head = await commitOf(git, revision);
  const from = (await git.run("merge-base", await commitOf(git, base), head)).trim();
  const tree = (await git.run("rev-parse", `${head}^{tree}`)).trim();
  const log = await git.run("log", "--format=%H%x1f%s%x00", `${from}..${head}`, "--");
  const commits = log
    .split("\0")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [commit = "", subject = ""] = entry.split("\u001f");
      return { commit, subject };
    });
  const owners = codeowners(await codeownersAt(git, from));
  const numbers = await git.run("diff", "--numstat", "-z", "-M", "--no-ext-diff", from, head, "--");
  const files = changedFiles(numbers).map((file) => ({ ...file, owners: owners(file.path) }));
  return { base, from, head, tree, commits, files, areas: areasOf(files) };
}

async function codeownersAt(git: Git, commit: string): Promise<string> {
  for (const place of codeownersPlaces) {
    const text = await git.ask("show", `${commit}:${place}`);
    if (text !== undefined) return text;
  }
  return "";
}

/** Reads `--numstat -z`: `added TAB removed TAB path NUL`, for a rename `… TAB NUL was NUL path NUL`. */
function changedFiles(text: string): readonly Omit<ChangedFile, "owners">[] {
  const fields = text.split("\0");
  const files: Omit<ChangedFile, "owners">[] = [];
  for (let at = 0; at < fields.length; at += 1) {
    const [added = "", removed = "", path] = (fields[at] ?? "").split("\t");
    if (path === undefined) continue;
    const lines = { added: Number(added) || 0, removed: Number(removed) || 0 };
    if (path !== "") files.push({ path, ...lines });
    else {
      files.push({ path: fields[at + 2] ?? "", was: fields[at + 1] ?? "", ...lines });
      at += 2;
    }
  }
  return files;
}

/** By the first two folders of each path, or the first. */
function areasOf(files: readonly ChangedFile[]): Scope["areas"] {
  const area = (path: string): string => path.split("/").slice(0, -1).slice(0, 2).join("/") || ".";
  return [...Map.groupBy(files, ({ path }) => area(path))].map(([name, some]) => ({
    area: name,
    files: some.length,
    owners: [...new Set(some.flatMap(({ owners }) => owners))].toSorted(),
  }));
}
