import { type SettingsDraft, writeSettings } from "../../../config/settings-file.ts";
import type { CliContext } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import type { Output } from "../../output.ts";

/** Shows what would be written and writes it; where somebody sits at the terminal, they say so. */
export async function writeShown(
  context: CliContext,
  output: Output,
  draft: SettingsDraft,
  sure: boolean,
): Promise<boolean> {
  if (!output.json) output.out(`To ${draft.file}:\n\n${draft.added}`);
  const { prompts } = context;
  if (!sure && !output.json && prompts !== undefined && !(await prompts.confirm("Write this?"))) {
    output.out("Nothing was written.");
    context.exit(exitCodes.cancelled);
    return false;
  }
  writeSettings(draft);
  return true;
}

/** Variables of these that are not set where the program runs. */
export function unsetVariables(context: CliContext, names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => (context.host.env[name] ?? "").trim() === "");
}
