import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { z } from "zod";
import { digestOf, sha256 } from "../base/digest.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";
import { splitFrontMatter } from "./front-matter.ts";
import type { Skill, SkillNotice } from "./skill.ts";

export interface DiscoveredSkills {
  /** By name. */
  readonly skills: readonly Skill[];
  readonly notices: readonly SkillNotice[];
}

const skillFile = "SKILL.md";
/** The specification asks for less than 500 lines; this only stops what is no text for a model. */
const largestSkillBytes = 1024 * 1024;

/** Names and lengths: the Agent Skills specification, section "Frontmatter". */
const specifiedName = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const longestName = 64;
const longestDescription = 1024;

const scalarText = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const frontMatterSchema = z.looseObject({
  name: scalarText.optional().catch(undefined),
  description: scalarText.optional().catch(undefined),
  license: scalarText.optional().catch(undefined),
  compatibility: scalarText.optional().catch(undefined),
  // The specification says one text with spaces between; lists are common.
  "allowed-tools": z
    .union([z.string(), z.array(z.string())])
    .optional()
    .catch(undefined),
  metadata: z.record(z.string(), scalarText).optional().catch(undefined),
});

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
    const skill = await loadSkill(folder, shown, notices);
    if (skill === undefined) continue;
    const earlier = skills.get(skill.name);
    if (earlier === undefined) skills.set(skill.name, skill);
    else {
      const message = `the name "${skill.name}" is taken by ${relative(root, earlier.dir)}`;
      notices.push({ level: "issue", code: "skills.name_taken", folder: shown, message });
    }
  }
  const byName = [...skills.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { skills: byName, notices };
}

async function skillFolders(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    if (entries.some((entry) => entry.name === skillFile)) return [root];
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

async function loadSkill(
  dir: string,
  folder: string,
  notices: SkillNotice[],
): Promise<Skill | undefined> {
  const tell = (level: SkillNotice["level"], code: string, message: string): undefined => {
    notices.push({ level, code: `skills.${code}`, folder, message });
    return undefined;
  };
  let contents: ReadonlyMap<string, Buffer>;
  try {
    contents = await folderContents(dir);
  } catch (cause) {
    return tell("issue", "unreadable", messageOf(cause));
  }
  const main = contents.get(skillFile);
  if (main === undefined) return tell("notice", "no_skill_file", `no ${skillFile}, passed over`);
  if (main.length > largestSkillBytes) {
    return tell("issue", "too_large", `${skillFile} has ${main.length} bytes`);
  }
  const parts = splitFrontMatter(main.toString("utf8"));
  if (parts === undefined) {
    return tell("issue", "front_matter_missing", `${skillFile} does not begin with front matter`);
  }
  if (typeof parts === "string") return tell("issue", "front_matter_malformed", parts);
  if (parts.repaired !== undefined) tell("notice", "front_matter_repaired", parts.repaired);

  const parsed = frontMatterSchema.safeParse(parts.data);
  if (!parsed.success) return tell("issue", "front_matter_malformed", "it is no list of keys");
  const front = parsed.data;
  const description = oneLine(front.description ?? "");
  if (description === "") return tell("issue", "description_missing", "it has no description");
  if (description.length > longestDescription) {
    const message = `the description has ${description.length} characters, more than ${longestDescription}`;
    tell("notice", "description_long", message);
  }
  const name = oneLine(front.name ?? "") || basename(dir);
  if (oneLine(front.name ?? "") === "") {
    tell("notice", "name_missing", "it has no name and is called after its folder");
  } else if (name !== basename(dir)) {
    tell("notice", "name_differs", `its name "${name}" differs from its folder's`);
  }
  if (!specifiedName.test(name) || name.length > longestName) {
    const message = `the name "${name}" is not in the specified form (a-z, 0-9, single hyphens)`;
    tell("notice", "name_form", message);
  }
  if (parts.body === "") tell("notice", "body_empty", "there is nothing after the front matter");
  const files = [...contents.keys()].filter((path) => path !== skillFile);
  return {
    name,
    description,
    body: parts.body,
    dir,
    files,
    digest: digestOf([...contents].map(([path, content]) => [path, sha256(content)])),
    license: front.license,
    compatibility: front.compatibility,
    allowedTools: toolNames(front["allowed-tools"]),
    metadata: front.metadata ?? {},
  };
}

/** All regular files of a skill folder, sorted by path; links inside it are not followed. */
async function folderContents(dir: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
  const contents = new Map<string, Buffer>();
  for (const path of paths) contents.set(path, await readFile(join(dir, path)));
  return contents;
}

/** `Read, Bash(git add *)` → two names: commas and spaces separate, but not inside parentheses. */
function toolNames(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  if (typeof value !== "string") return [...value];
  return [...value.matchAll(/[^\s,(]+(?:\([^)]*\))?/g)].map((match) => match[0]);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
