import { chmod, cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Agent33Error, messageOf } from "../base/errors.ts";
import type { UnpackedFile } from "./archive/unpacked.ts";
import { unpackArchive } from "./archive/unpack.ts";
import { folderContents } from "./folder-contents.ts";
import { teller } from "./irregularities.ts";
import { skillFolders } from "./load.ts";
import { type ReadSkill, readSkill, skillFile } from "./read-skill.ts";
import type { SkillNotice } from "./skill.ts";

/** A skill of a source, laid out as it would be added. */
export interface StagedSkill extends ReadSkill {
  /** What the folder is called in the source. */
  readonly from: string;
  /** What it would be called where it is added: after the skill. */
  readonly folder: string;
  /** Where it lies meanwhile. */
  readonly dir: string;
}

/** What a source of skills holds. */
export interface StagedSource {
  readonly skills: readonly StagedSkill[];
  /** Removes what was laid out. */
  discard(): Promise<void>;
}

/**
 * Lays out the skills of a folder or an archive beside everything else, so that they can be looked
 * at before any is added. Links and what is no file are left behind.
 * @throws Agent33Error `skills.archive_*`, `skills.source_unreadable`, `skills.folder_*`,
 * `skills.no_skill_in_source`
 */
export async function stageSkills(source: string): Promise<StagedSource> {
  const isFolder = await isFolderAt(source);
  const root = await mkdtemp(join(tmpdir(), "agent33-skills-"));
  const discard = () => rm(root, { recursive: true, force: true });
  try {
    const staged = isFolder
      ? await stageFolder(source, root)
      : await stageArchive(source, await unpackArchive(source), root);
    if (staged.length === 0) {
      throw new Agent33Error("skills.no_skill_in_source", `There is no skill in ${source}.`, {
        hint: "A skill is a folder with a SKILL.md.",
      });
    }
    return { skills: await Promise.all(staged.map(named)), discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

async function isFolderAt(source: string): Promise<boolean> {
  try {
    return (await stat(source)).isDirectory();
  } catch (cause) {
    throw new Agent33Error(
      "skills.source_unreadable",
      `Cannot read ${source}: ${messageOf(cause)}.`,
      {
        hint: "Give a skill's folder, a folder of skills, or an archive of them.",
        cause,
      },
    );
  }
}

/** A folder that was laid out, before anybody knows what skill it is. */
interface Staging {
  readonly from: string;
  readonly dir: string;
  readonly notices: readonly SkillNotice[];
}

async function stageFolder(source: string, root: string): Promise<readonly Staging[]> {
  const staged: Staging[] = [];
  for (const [place, folder] of (await skillFolders(source)).entries()) {
    const notices: SkillNotice[] = [];
    const contents = await folderContents(folder, teller(notices, basename(folder)));
    const hasMain = contents?.paths.some(isMain) ?? false;
    if (contents !== undefined && !hasMain) continue;
    const dir = join(root, `${place}`, basename(folder));
    await mkdir(dir, { recursive: true });
    for (const path of contents?.paths ?? []) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await cp(join(folder, path), join(dir, path));
    }
    staged.push({ from: basename(folder), dir, notices });
  }
  return staged;
}

function isMain(path: string): boolean {
  return path.toLowerCase() === skillFile.toLowerCase();
}

async function stageArchive(
  source: string,
  files: ReadonlyMap<string, UnpackedFile>,
  root: string,
): Promise<readonly Staging[]> {
  const own = basename(source).replace(/\.(?:zip|skill|tar|tgz|tar\.gz)$/i, "");
  const staged: Staging[] = [];
  for (const [place, inside] of skillRoots([...files.keys()]).entries()) {
    const from = inside === "" ? own : basename(inside);
    const dir = join(root, `${place}`, from);
    for (const [path, { bytes, isExecutable }] of files) {
      if (inside !== "" && !path.startsWith(`${inside}/`)) continue;
      const target = join(dir, inside === "" ? path : path.slice(inside.length + 1));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, bytes, { flag: "wx", mode: isExecutable ? 0o755 : 0o644 });
    }
    staged.push({ from, dir, notices: [] });
  }
  return staged;
}

/** The outermost folders with a `SKILL.md`: one further in belongs to the skill around it. */
function skillRoots(paths: readonly string[]): readonly string[] {
  const roots = paths
    .filter((path) => isMain(basename(path)))
    .map((path) => (path.includes("/") ? dirname(path) : ""))
    .sort();
  return roots.filter(
    (root, place) =>
      !roots.slice(0, place).some((other) => other === "" || root.startsWith(`${other}/`)),
  );
}

/** Gives a laid out folder the name of its skill, and reads it as it would stand. */
async function named({ from, dir, notices }: Staging): Promise<StagedSkill> {
  const { skill } = await readSkill(dir, from);
  const folder = folderName(skill?.name ?? from);
  const place = join(dirname(dir), folder);
  if (place !== dir) await rename(dir, place);
  await chmod(place, 0o755);
  const read = await readSkill(place, folder);
  return { ...read, notices: [...notices, ...read.notices], from, folder, dir: place };
}

/** A skill's name as a folder can be called: in the form of the specification. */
export function folderName(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 64)
    .replace(/-+$/, "");
  return plain === "" ? "skill" : plain;
}
