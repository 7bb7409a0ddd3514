import type { SkillNotice } from "./skill.ts";

interface Irregularity {
  readonly level: SkillNotice["level"];
  readonly hint: string;
}

const notice = (hint: string): Irregularity => ({ level: "notice", hint });
const issue = (hint: string): Irregularity => ({ level: "issue", hint });

/**
 * Everything that can be odd about a skill folder. Published skills are full of small
 * irregularities, so that only what leaves nothing to work with, or what could make a rule of the
 * skill be overlooked, keeps one out.
 */
export const irregularities = {
  body_empty: notice("Write down below the front matter how the work is done."),
  compatibility_long: notice("Say in at most 500 characters what the skill needs."),
  control_characters: notice("Remove the control characters; they were left out."),
  dependency_circle: notice("Let one of them stand by itself."),
  dependency_missing: notice("Add that skill, or mark it as optional."),
  description_long: notice("Shorten the description to 1,024 characters."),
  description_missing: issue(
    "Add a description: what the skill does and when to use it; agents choose by it.",
  ),
  encoding: notice("Save the file as UTF-8."),
  file_link: notice("Put the file itself in its place: what a link leads to is not read."),
  file_special: notice("Remove what is neither a file nor a folder."),
  file_name: notice("Call the file SKILL.md."),
  file_name_unsafe: notice("Rename the file: names have no control characters or backslashes."),
  front_matter_late: notice("Let the file begin with the line ---."),
  front_matter_malformed: issue("Write the lines between --- as YAML: one `key: value` a line."),
  front_matter_missing: issue(
    "Let the file begin with ---, name, description and ---, a line each.",
  ),
  front_matter_repaired: notice("Put the value in quotes, or write it as a block after `>`."),
  hidden_characters: notice("Remove characters that nobody sees, or look closely at what they do."),
  link: issue("Put the file itself in its place: SKILL.md must not be a link."),
  metadata_not_text: notice("Let each value of metadata be a text."),
  name_differs: notice("Give the folder the name of the skill."),
  name_form: notice("Use at most 64 of a-z, 0-9 and single hyphens."),
  name_missing: notice("Add a name, the same as the folder's."),
  name_taken: issue("Rename one of the two, or remove it."),
  names_collide: notice("Rename one of the files: on other machines they are one."),
  no_skill_file: notice("Add a SKILL.md, or move the folder elsewhere."),
  place_unreadable: issue("Correct the setting `skills.folders`, or make the folder readable."),
  shadowed: notice("Rename or remove one of the two, or put their folders into another order."),
  too_large: issue("Keep SKILL.md small, and put what is long into files beside it."),
  tool_list_empty: notice("Name the tools, or remove the key; [] allows none."),
  tool_list_key: notice("Use the key of the specification."),
  tool_list_malformed: issue(
    "Write one list of names: its rules would not hold if it were passed over.",
  ),
  tool_foreign: notice("There is no such tool here; the entry does nothing."),
  tool_argument: notice(
    "Only what Bash runs can be limited by arguments: as an allowed tool the entry allows nothing, in the other lists it means the whole tool.",
  ),
  unreadable: issue("Check that the folder is there and who may read it."),
} as const satisfies Readonly<Record<string, Irregularity>>;

/** What only matters where a folder is held to the specification. */
export const specificationFaults = {
  body_long: "Keep SKILL.md below 500 lines, and put the rest into files beside it.",
  field_unknown: "Put what is your own below metadata.",
  file_missing: "Add the file, or correct the path.",
  tool_list_form: "Write the names as one text with spaces between.",
} as const;

export type IrregularityName = keyof typeof irregularities;

/** Tells of something odd; gives nothing, so that who must stop can return it. */
export type Tell = (
  name: IrregularityName,
  message: string,
  at?: Pick<SkillNotice, "file" | "line">,
) => undefined;

/** @param folder as it is shown to people */
export function teller(notices: SkillNotice[], folder: string): Tell {
  return (name, message, at = {}) => {
    const { level, hint } = irregularities[name];
    notices.push({ level, code: `skills.${name}`, folder, ...at, message, hint });
    return undefined;
  };
}
