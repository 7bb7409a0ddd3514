import { join } from "node:path";
import type { Command } from "commander";
import { isJsonObject, type JsonObject, type JsonValue, toJsonValue } from "../../../base/json.ts";
import { suggestName } from "../../../base/nearest.ts";
import { attempt } from "../../../base/result.ts";
import { configFileName } from "../../../config/config.ts";
import {
  fieldValue,
  type FormField,
  type FormVariant,
  kindForm,
  kindForms,
} from "../../../config/kind-form.ts";
import { settingsSchema } from "../../../config/schema.ts";
import { draftSettings } from "../../../config/settings-file.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { columns } from "../../output.ts";
import { type NamedValue, namedValue, usageError } from "../../usage.ts";
import { unsetVariables, writeShown } from "./write-settings.ts";

interface AddOptions extends CommonOptions {
  readonly set?: readonly NamedValue[];
  readonly yes?: boolean;
}

export function addCommand(connectors: Command, context: CliContext): void {
  addCommonOptions(connectors.command("add"))
    .description("write a connector into the settings file")
    .argument("<kind>", "the kind of connector")
    .argument("<name>", "what it is to be called; its tools' names begin with it")
    .option(
      "--set <field=value>",
      "a field of its settings, once each; lists with commas",
      namedValue("--set", "baseUrl=https://api.example.org"),
    )
    .option("--yes", "write without asking")
    .addHelpText("after", kindsInWords)
    .action((kind: string, name: string, options: AddOptions) => add(context, kind, name, options));
}

function kindsInWords(): string {
  const rows = kindForms().map(({ kind, summary }) => [`  ${kind}`, summary]);
  return `\nKinds:\n${columns(rows)}`;
}

async function add(
  context: CliContext,
  kind: string,
  name: string,
  options: AddOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  const given = options.set ?? [];
  const variant = await variantOf(context, kind, given);
  const filled = variant && (await fill(context, variant, given));
  if (filled === undefined) {
    output.out("Nothing was written.");
    context.exit(exitCodes.cancelled);
    return;
  }
  const entry: JsonObject = { ...variant?.fixed, ...filled };
  checkEntry(name, entry);
  const file = config.file ?? join(context.host.cwd, configFileName);
  const draft = draftSettings(file, "connectors", { [name]: entry });
  if (!(await writeShown(context, output, draft, options.yes === true))) return;
  const unset = unsetVariables(context, variablesIn(variant?.fields ?? [], entry));
  if (output.json) output.out(JSON.stringify({ file, name, settings: entry, unset }));
  else {
    for (const variable of unset) output.out(`Set ${variable} before it is used.`);
    output.out(
      `See whether it works: ${output.program} connectors check ${name}${output.sameStore}`,
    );
  }
}

/** Which way of configuring the kind, by what is given or by asking. */
async function variantOf(
  { prompts }: CliContext,
  kind: string,
  given: readonly NamedValue[],
): Promise<FormVariant | undefined> {
  const { variants } = kindForm(kind);
  const [first, ...others] = variants;
  if (first === undefined || others.length === 0) return first;
  const word = Object.keys(first.fixed).find((field) => field !== "kind") ?? "";
  const choices = variants.map(({ fixed }) => fixed[word] ?? "");
  const asked = given.find(({ name }) => name === word)?.value;
  const chosen =
    asked ??
    (await prompts?.choose(
      `Which ${word}?`,
      choices.map((value) => ({ value, label: value })),
    ));
  if (chosen === undefined && prompts !== undefined) return undefined;
  const found = variants.find(({ fixed }) => fixed[word] === chosen);
  if (found !== undefined) return found;
  throw usageError(
    chosen === undefined ? `--set ${word}=… is missing.` : `${word} does not know "${chosen}".`,
    `${word} is one of ${choices.join(", ")}.`,
  );
}

/** The fields that are given, and those that have to be and are asked for. */
async function fill(
  { prompts }: CliContext,
  { fields, fixed }: FormVariant,
  given: readonly NamedValue[],
): Promise<Record<string, JsonValue> | undefined> {
  const names = [...fields.map(({ name }) => name), ...Object.keys(fixed)];
  const strange = given.find(({ name }) => !names.includes(name));
  if (strange !== undefined) {
    throw usageError(`"${strange.name}" is no field of it.`, suggestName(strange.name, names));
  }
  const filled: Record<string, JsonValue> = {};
  for (const field of fields) {
    const { name, required, description } = field;
    const set = given.find((one) => one.name === name);
    if (set !== undefined) filled[name] = fieldValue(field, set.value);
    else if (required) {
      if (prompts === undefined)
        throw usageError(`--set ${name}=… is missing.`, `It is the ${description}.`);
      const answer = await prompts.text({
        message: `${name}: ${description}`,
        validate: (text) => problemWith(field, text),
      });
      if (answer === undefined) return undefined;
      filled[name] = fieldValue(field, answer);
    }
  }
  return filled;
}

function problemWith(field: FormField, text: string): string | undefined {
  if (text.trim() === "") return "It is needed.";
  const read = attempt(() => fieldValue(field, text));
  return read.ok ? undefined : read.error.message;
}

/** Says what is wrong without repeating a value. */
function checkEntry(name: string, entry: JsonObject): void {
  const parsed = settingsSchema.shape.connectors.safeParse({ [name]: entry });
  if (parsed.success) return;
  const words = parsed.error.issues.map((issue) => {
    const problem = issue.code === "invalid_key" ? (issue.issues[0] ?? issue) : issue;
    return `${issue.path.slice(1).map(String).join(".") || name}: ${problem.message}`;
  });
  throw usageError(`It cannot be like this: ${words.join("; ")}.`, "Give the field once more.");
}

function variablesIn(fields: readonly FormField[], entry: JsonObject): readonly string[] {
  const values = fields.filter((field) => field.namesVariables).map(({ name }) => entry[name]);
  return values.flatMap((value) => {
    if (typeof value === "string") return [value];
    const table = toJsonValue(value ?? {});
    return isJsonObject(table) ? Object.values(table).map(String) : [];
  });
}
