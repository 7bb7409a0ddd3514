import { basename } from "node:path";
import type { FrontFields } from "./front-fields.ts";
import { type IrregularityName, specificationFaults } from "./irregularities.ts";
import { readSkill, skillFile } from "./read-skill.ts";
import type { Skill, SkillNotice } from "./skill.ts";

/** Where a folder does not hold to the specification. */
export interface SkillFault extends Omit<SkillNotice, "level"> {
  /** A `warning` is about what the specification recommends, or what only matters here. */
  readonly severity: "error" | "warning";
}

/** The fields of the Agent Skills specification, section "Frontmatter". */
const fields: ReadonlySet<string> = new Set([
  "name",
  "description",
  "license",
  "compatibility",
  "metadata",
  "allowed-tools",
]);
const mostLines = 500;

/** What the specification allows, and is odd all the same. */
const allowed: ReadonlySet<string> = new Set(
  (
    [
      "body_empty",
      "file_link",
      "file_name_unsafe",
      "file_special",
      "names_collide",
      "tool_argument",
      "tool_foreign",
    ] satisfies readonly IrregularityName[]
  ).map((name) => `skills.${name}`),
);

/**
 * Holds a folder to the Agent Skills specification, to the letter.
 * @param folder the folder as it is shown to people
 */
export async function validateSkill(
  dir: string,
  folder: string = basename(dir),
): Promise<readonly SkillFault[]> {
  const { skill, front, notices } = await readSkill(dir, folder);
  const odd = notices.map(({ level: _level, ...notice }): SkillFault => {
    const isError = !allowed.has(notice.code);
    return { ...notice, severity: isError ? "error" : "warning" };
  });
  const fault = (
    name: keyof typeof specificationFaults,
    severity: SkillFault["severity"],
    message: string,
  ): SkillFault => ({
    severity,
    code: `skills.${name}`,
    folder,
    message,
    hint: specificationFaults[name],
  });
  const written = front === undefined ? [] : writtenFaults(front, fault);
  return [...odd, ...written, ...(skill === undefined ? [] : bodyFaults(skill, fault))];
}

type Fault = (
  name: keyof typeof specificationFaults,
  severity: SkillFault["severity"],
  message: string,
) => SkillFault;

function writtenFaults(front: FrontFields, fault: Fault): readonly SkillFault[] {
  const unknown = Object.keys(front).filter((key) => !fields.has(key));
  const list = front["allowed-tools"];
  return [
    ...unknown.map((key) => fault("field_unknown", "error", `the specification has no ${key}`)),
    ...(Array.isArray(list)
      ? [fault("tool_list_form", "error", "allowed-tools is a list, not a text")]
      : []),
    ...(typeof list === "string" && list.includes(",")
      ? [fault("tool_list_form", "error", "allowed-tools has commas")]
      : []),
  ];
}

function bodyFaults({ body, files }: Skill, fault: Fault): readonly SkillFault[] {
  const lines = body.split("\n").length;
  const missing = [...new Set(linksIn(body))].filter(
    (path) => path !== skillFile && !files.includes(path) && !isFolderOf(path, files),
  );
  return [
    ...(lines > mostLines ? [fault("body_long", "warning", `its text has ${lines} lines`)] : []),
    ...missing.map((path) =>
      fault("file_missing", "warning", `its text links to ${path}, which is not there`),
    ),
  ];
}

/** Paths that Markdown links lead to, within the folder. Code is not looked at. */
function linksIn(body: string): readonly string[] {
  const prose = body.replaceAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(\s*<?([^()\s<>]+)>?[^()\n]*\)/g)].flatMap(([, target = ""]) => {
    const path = (target.split(/[#?]/)[0] ?? "").replace(/^\.\//, "");
    return path === "" || /^[a-z][a-z0-9+.-]*:|^\/|^\.\.|[{$*]/i.test(path) ? [] : [path];
  });
}

function isFolderOf(path: string, files: readonly string[]): boolean {
  const folder = path.endsWith("/") ? path : `${path}/`;
  return files.some((file) => file.startsWith(folder));
}
