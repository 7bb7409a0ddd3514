import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { messageOf } from "../base/errors.ts";
import { folderContents } from "./folder-contents.ts";
import {
  type FrontFields,
  frontMatterSchema,
  metadataTexts,
  toolListKeys,
  writtenDependencies,
  writtenTools,
} from "./front-fields.ts";
import { type FrontMatter, splitFrontMatter } from "./front-matter.ts";
import { type Tell, teller } from "./irregularities.ts";
import { plainText } from "./plain-text.ts";
import type { Skill, SkillNotice } from "./skill.ts";
import { nameKind, readsArguments, toolPattern } from "./tool-pattern.ts";

/** One folder, read: the skill where it is one, and what is odd about it. */
export interface ReadSkill {
  readonly skill: Skill | undefined;
  /** What its front matter holds, where it has some. */
  readonly front: FrontFields | undefined;
  readonly notices: readonly SkillNotice[];
}

export const skillFile = "SKILL.md";
/** The specification asks for less than 500 lines; this only stops what is no text for a model. */
const largestSkillBytes = 1024 * 1024;

/** Names and lengths: the Agent Skills specification, section "Frontmatter". */
const specifiedName = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const longestName = 64;
const longestDescription = 1024;
const longestCompatibility = 500;

/**
 * Reads a skill's folder in a forgiving way.
 * @param folder the folder as it is shown to people
 */
export async function readSkill(dir: string, folder: string): Promise<ReadSkill> {
  const notices: SkillNotice[] = [];
  const tell = teller(notices, folder);
  let read: Pick<ReadSkill, "skill" | "front"> | undefined;
  try {
    read = await readWith(dir, tell);
  } catch (cause) {
    tell("unreadable", messageOf(cause));
  }
  // A skill that has an issue is none, whatever could be read of it.
  const isSkill = notices.every(({ level }) => level === "notice");
  return { skill: isSkill ? read?.skill : undefined, front: read?.front, notices };
}

async function readWith(
  dir: string,
  tell: Tell,
): Promise<Pick<ReadSkill, "skill" | "front"> | undefined> {
  const links: string[] = [];
  const contents = await folderContents(dir, (name, message, at) => {
    if (name === "file_link" && isMain(at?.file)) links.push(at?.file ?? skillFile);
    else tell(name, message, at);
    return undefined;
  });
  if (contents === undefined) return undefined;
  const main = contents.paths.includes(skillFile) ? skillFile : contents.paths.find(isMain);
  if (main === undefined) {
    const [link] = links;
    return link === undefined
      ? tell("no_skill_file", `no ${skillFile}, passed over`)
      : tell("link", `${link} is a link`);
  }
  if (main !== skillFile) tell("file_name", `the file is called ${main}`, { file: main });
  const bytes = await readFile(join(dir, main));
  if (bytes.length > largestSkillBytes) {
    return tell("too_large", `${skillFile} has ${bytes.length} bytes`);
  }
  const parts = splitFrontMatter(plainText(bytes, tell));
  if (parts === undefined) {
    return tell("front_matter_missing", `${skillFile} does not begin with front matter`);
  }
  if (!("data" in parts)) return tell("front_matter_malformed", parts.message, lineAt(parts.line));
  if (parts.linesBefore > 0) {
    tell("front_matter_late", `${parts.linesBefore} blank lines come before the front matter`);
  }
  if (parts.repaired !== undefined) {
    tell("front_matter_repaired", parts.repaired.message, lineAt(parts.repaired.line));
  }
  const parsed = frontMatterSchema.safeParse(parts.data);
  if (!parsed.success) return tell("front_matter_malformed", "it is no list of keys");
  const files = contents.paths.filter((path) => path !== main);
  const skill = skillOf(parsed.data, parts, { dir, files, digest: contents.digest }, tell);
  return { skill, front: parsed.data };
}

function isMain(path: string | undefined): boolean {
  return path?.toLowerCase() === skillFile.toLowerCase();
}

function skillOf(
  front: FrontFields,
  parts: FrontMatter,
  found: Pick<Skill, "dir" | "files" | "digest">,
  tell: Tell,
): Skill | undefined {
  const description = describe(front, parts, tell);
  if (description === undefined) return undefined;
  const { texts: metadata, others } = metadataTexts(front.metadata);
  if (others.length > 0) {
    const where = lineAt(parts.lineOf("metadata"));
    tell("metadata_not_text", `metadata has values that are no texts: ${others.join(", ")}`, where);
  }
  const { compatibility = "" } = front;
  if (compatibility.length > longestCompatibility) {
    const message = `compatibility has ${compatibility.length} characters, more than ${longestCompatibility}`;
    tell("compatibility_long", message, lineAt(parts.lineOf("compatibility")));
  }
  if (parts.body === "") tell("body_empty", "there is nothing after the front matter");
  return {
    name: nameOf(front, parts, found.dir, tell),
    description,
    body: parts.body,
    ...found,
    license: front.license,
    compatibility: front.compatibility,
    version: front.version ?? metadata["version"],
    allowedTools: toolsUnder(toolListKeys.allowed, front, parts, tell),
    disallowedTools: toolsUnder(toolListKeys.disallowed, front, parts, tell) ?? [],
    approvalTools: toolsUnder(toolListKeys.approval, front, parts, tell) ?? [],
    dependencies: writtenDependencies(front),
    modelMayLoad: front["disable-model-invocation"] !== true,
    metadata,
  };
}

function describe(front: FrontFields, parts: FrontMatter, tell: Tell): string | undefined {
  const description = oneLine(front.description ?? "");
  if (description === "") return tell("description_missing", "it has no description");
  if (description.length > longestDescription) {
    const message = `the description has ${description.length} characters, more than ${longestDescription}`;
    tell("description_long", message, lineAt(parts.lineOf("description")));
  }
  return description;
}

function nameOf(front: FrontFields, parts: FrontMatter, dir: string, tell: Tell): string {
  const written = oneLine(front.name ?? "");
  const where = lineAt(parts.lineOf("name"));
  const name = written === "" ? basename(dir) : written;
  if (written === "") tell("name_missing", "it has no name and is called after its folder");
  else if (name !== basename(dir)) {
    tell("name_differs", `its name "${name}" differs from its folder's`, where);
  }
  if (!specifiedName.test(name) || name.length > longestName) {
    const message = `the name "${name}" is not in the specified form (a-z, 0-9, single hyphens)`;
    tell("name_form", message, where);
  }
  return name;
}

function toolsUnder(
  keys: readonly string[],
  front: FrontFields,
  parts: FrontMatter,
  tell: Tell,
): readonly string[] | undefined {
  const [usual = ""] = keys;
  const written = writtenTools(front, keys);
  if (written === undefined) return undefined;
  const { key } = written;
  const where = lineAt(parts.lineOf(key));
  if (key !== usual) tell("tool_list_key", `${key} was read as ${usual}`, where);
  if (parts.timesOf(key) > 1) return tell("tool_list_malformed", `${key} stands twice`, where);
  if ("fault" in written) return tell("tool_list_malformed", written.fault, where);
  if ("empty" in written) return tell("tool_list_empty", `${key} has no value`, where);
  for (const text of written.items) {
    const pattern = toolPattern(text);
    if (nameKind(pattern) === "foreign") {
      tell("tool_foreign", `${key} names ${text}, which is no tool here`, where);
    } else if (!readsArguments(pattern)) {
      tell("tool_argument", `${key} has ${text}, whose arguments are not looked at`, where);
    }
  }
  return written.items;
}

function lineAt(line: number | undefined): Pick<SkillNotice, "line"> {
  return line === undefined ? {} : { line };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
