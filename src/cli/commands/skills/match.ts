import type { Command } from "commander";
import type { SkillMatch } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { columns, oneLine } from "../../output.ts";
import { counted } from "../../text.ts";
import { usageError, wholeNumber } from "../../usage.ts";

interface MatchOptions extends CommonOptions {
  readonly top: number;
  /** False for none, whatever the settings name. */
  readonly model?: string | false;
}

const usualTop = 5;

/** `agent33 skills match` */
export function matchCommand(skills: Command, context: CliContext): void {
  addCommonOptions(skills.command("match"))
    .description("which skills fit a task, stage by stage, and why the others do not")
    .argument("<task>", "the task in words, the whole instruction if there is one")
    .option("--top <n>", "skills at most", wholeNumber("--top"), usualTop)
    .option("--model <provider:model>", "the model that is asked; default: that of the settings")
    .option("--no-model", "rank by words, and vectors where the settings name a model for them")
    .action((task: string, options: MatchOptions) => match(context, task, options));
}

async function match(context: CliContext, task: string, options: MatchOptions): Promise<void> {
  if (task.trim() === "") throw usageError("The task is empty.", "Say what is to be done.");
  const output = outputOf(context, options);
  const config = configOf(context, options);
  const model = options.model === false ? null : (options.model ?? config.settings.model ?? null);
  const found = await withEngine(context, config, ({ skills }) =>
    skills.match({ task, top: options.top, model }),
  );
  if (output.json) return output.out(JSON.stringify(found));
  const { chosen, searched, by } = found;
  output.out(
    `${output.style.bold(chosen.join(", ") || "No skill fits.")}  of ${counted(searched, "skill")}, by ${by.join(" and ")}${found.checked ? " and a model" : ""}`,
  );
  if (found.skills.length > 0) output.out(columns([head(by), ...found.skills.map(rowOf(by))]));
  for (const notice of found.notices) output.err(`note: ${notice}`);
}

function head(by: SkillMatch["by"]): readonly string[] {
  const vectors = by.includes("vectors") ? ["BY VECTOR"] : [];
  return ["", "SKILL", "SCORE", "WORDS", "NAME", "PHRASES", ...vectors, "WHAT BECAME OF IT"];
}

function rowOf(by: SkillMatch["by"]) {
  const figure = (value: number | undefined): string =>
    value === undefined ? "-" : value.toFixed(2);
  return ({ place, name, score, words, vectors, kept, fell }: SkillMatch["skills"][number]) => [
    String(place),
    oneLine(name, 40),
    by.includes("vectors") ? score.toFixed(4) : score.toFixed(2),
    figure(words?.words),
    figure(words?.name),
    figure(words?.phrases),
    ...(by.includes("vectors") ? [figure(vectors?.similarity)] : []),
    fell === undefined
      ? oneLine(["chosen", kept].filter(Boolean).join(": "), 100)
      : oneLine(`${fell.stage}, ${fell.reason.replaceAll("_", " ")}: ${fell.why}`, 100),
  ];
}
