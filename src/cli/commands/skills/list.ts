import type { Command } from "commander";
import { formatSkillNotice, listSkillEntries, type SkillEntry } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { columns, oneLine } from "../../output.ts";

/** `agent33 skills list` */
export function listCommand(skills: Command, context: CliContext): void {
  addCommonOptions(skills.command("list"))
    .description("all skills of the settings' folders, with what is odd about them")
    .action((options: CommonOptions) => list(context, options));
}

async function list(context: CliContext, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  const { entries, notices } = await listSkillEntries(configOf(context, options), context.host);
  if (output.json) {
    output.out(JSON.stringify({ items: entries.map(skillData), notices }));
    return;
  }
  const rows = entries.map((entry) => [
    entry.skill.name,
    entry.skill.version ?? "-",
    statusText(entry),
    entry.skill.digest.slice(0, 12),
    entry.place.shown,
    oneLine(entry.skill.description, 60),
  ]);
  output.out(
    rows.length === 0
      ? "There are no skills here; docs/guides/skills.md shows where they are looked for."
      : columns([["SKILL", "VERSION", "STATUS", "DIGEST", "FOLDER", "DESCRIPTION"], ...rows]),
  );
  for (const notice of notices) {
    const word = notice.level === "issue" ? output.style.red("error") : output.style.dim("note");
    output.err(`${word} ${formatSkillNotice(notice)}`);
  }
}

/** What stands about a skill in `--json`: all but its text. */
export function skillData({ skill, place, status, pin }: SkillEntry) {
  const { body: _body, ...facts } = skill;
  return { ...facts, folder: place.shown, status, pin };
}

/** Whether runs get it, and whether it is what was added. */
export function statusText({ status, pin }: Pick<SkillEntry, "status" | "pin">): string {
  return pin === "changed" ? `${status}, changed since added` : status;
}
