import { readdir, stat } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";
import { teller } from "./irregularities.ts";
import { readSkill, skillFile } from "./read-skill.ts";
import type { Skill, SkillNotice } from "./skill.ts";

export interface DiscoveredSkills {
  /** By name. */
  readonly skills: readonly Skill[];
  readonly notices: readonly SkillNotice[];
}

/**
 * Finds the Agent Skills in a folder: each folder in it that has a `SKILL.md`, or the folder
 * itself where it has one. Published skills are full of small irregularities, so that only what
 * leaves nothing to work with keeps a skill out.
 * @throws Agent33Error `skills.folder_not_found`, `skills.folder_unreadable`
 */
export async function discover(dir: string): Promise<DiscoveredSkills> {
  const root = resolve(dir);
  const skills = new Map<string, Skill>();
  const notices: SkillNotice[] = [];
  for (const folder of await skillFolders(root)) {
    const shown = relative(root, folder) || basename(root);
    const { skill, notices: said } = await readSkill(folder, shown);
    notices.push(...said);
    if (skill === undefined) continue;
    const earlier = skills.get(skill.name);
    if (earlier === undefined) skills.set(skill.name, skill);
    else {
      const message = `the name "${skill.name}" is taken by ${relative(root, earlier.dir)}`;
      teller(notices, shown)("name_taken", message);
    }
  }
  const byName = [...skills.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { skills: byName, notices };
}

/**
 * The folders below a place that may be skills; the place itself where it is one.
 * @throws Agent33Error `skills.folder_not_found`, `skills.folder_unreadable`
 */
export async function skillFolders(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    if (entries.some((entry) => entry.name.toLowerCase() === skillFile.toLowerCase()))
      return [root];
    const folders: string[] = [];
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const path = join(root, entry.name);
      if (entry.isDirectory() || (entry.isSymbolicLink() && !(await isFile(path)))) {
        folders.push(path);
      }
    }
    return folders.sort();
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") {
      throw new Agent33Error("skills.folder_not_found", `There is no skills folder "${root}".`, {
        hint: "Give a folder that holds one folder for each skill.",
        cause,
      });
    }
    throw new Agent33Error(
      "skills.folder_unreadable",
      `Cannot read the skills folder "${root}": ${messageOf(cause)}.`,
      { hint: "Check that it is a folder and who may read it.", cause },
    );
  }
}

/**
 * A link to a skill folder is how people share one among projects. One that leads nowhere is kept,
 * so that loading it tells about it.
 */
async function isFile(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isFile();
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return false;
    throw cause;
  }
}
