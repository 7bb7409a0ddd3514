import type { Command } from "commander";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { suggestName } from "../../base/nearest.ts";
import { type Elicitation, elicitationIn, type ElicitationAnswer, fieldsOf } from "../../engine.ts";
import { addCommonOptions, type CliContext, configOf, outputOf, withEngine } from "../context.ts";
import type { Output } from "../output.ts";
import type { Prompts } from "../prompts.ts";
import { collect, usageError } from "../usage.ts";

interface AnswerOptions {
  readonly field: readonly string[];
  readonly decline?: boolean;
  readonly cancel?: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `approvals answer`: what a server wants to know from a person. */
export function answerCommand(approvals: Command, context: CliContext): void {
  addCommonOptions(approvals.command("answer"))
    .description("answer what an MCP server asks, field by field")
    .argument("<approval>", "the question's id, or its beginning")
    .option(
      "--field <name=value>",
      "a field of the answer; may be repeated, also for a field that takes several values",
      collect,
      [],
    )
    .option("--decline", "tell the server no")
    .option("--cancel", "dismiss the question without an answer")
    .action((prefix: string, options: AnswerOptions) => answer(context, prefix, options));
}

async function answer(context: CliContext, prefix: string, options: AnswerOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async (engine) => {
    const { id, facts } = engine.store.approvals.find(prefix);
    const asked = elicitationIn(facts);
    const given = answerOf(asked, options) ?? (await askedFor(context, asked, output));
    if (given === undefined) {
      output.out(`${id} stays open.`);
      return;
    }
    const { runId } = await engine.answerQuestion(prefix, given);
    const state = { accept: "answered", decline: "declined", cancel: "dismissed" }[given.action];
    if (output.json) {
      output.out(JSON.stringify({ id, runId, state }));
      return;
    }
    const next =
      runId === null ? "" : `; go on with: ${output.program} resume ${runId}${output.sameStore}`;
    output.out(`${state} ${id}${next}`);
  });
}

/** The answer that the flags give; undefined where they say nothing and somebody can be asked. */
function answerOf(
  asked: Elicitation | undefined,
  { field, decline, cancel }: AnswerOptions,
): ElicitationAnswer | undefined {
  if ([decline, cancel, field.length > 0].filter(Boolean).length > 1) {
    throw usageError(
      "--field, --decline and --cancel say different things.",
      "Give one kind of them.",
    );
  }
  if (decline === true) return { action: "decline" };
  if (cancel === true) return { action: "cancel" };
  if (field.length === 0) return undefined;
  return { action: "accept", content: contentOf(asked, field) };
}

function contentOf(asked: Elicitation | undefined, given: readonly string[]): JsonObject {
  const fields = fieldsOf(asked?.form);
  const texts = new Map<string, string[]>();
  for (const one of given) {
    const [, name = "", text = ""] = /^([^=]+)=(.*)$/s.exec(one) ?? [];
    if (name === "")
      throw usageError(`--field takes NAME=VALUE, not "${one}".`, "--field name=Ada");
    if (fields[name] === undefined) {
      const hint = suggestName(name, Object.keys(fields));
      throw usageError(`The server asks for no field "${name}".`, hint);
    }
    texts.set(name, [...(texts.get(name) ?? []), text]);
  }
  return Object.fromEntries([...texts].map(([name, all]) => [name, valueOf(fields[name], all)]));
}

/** A field's value as its type has it; what does not fit stays a text, and is refused with its name. */
function valueOf(field: JsonObject | undefined, texts: readonly string[]): JsonValue {
  const type = field?.["type"];
  const text = texts.at(-1) ?? "";
  if (type === "array") return [...texts];
  if (type === "boolean") {
    if (/^(?:true|yes|y)$/i.test(text)) return true;
    return /^(?:false|no|n)$/i.test(text) ? false : text;
  }
  if ((type === "number" || type === "integer") && text.trim() !== "") {
    const number = Number(text);
    return Number.isFinite(number) ? number : text;
  }
  return text;
}

/** Asks whoever sits at the terminal. Undefined leaves the question open. */
async function askedFor(
  { prompts }: CliContext,
  asked: Elicitation | undefined,
  output: Output,
): Promise<ElicitationAnswer | undefined> {
  // The engine says what is to be done instead.
  if (asked === undefined) return { action: "decline" };
  if (prompts === undefined || output.json) {
    const names = Object.keys(fieldsOf(asked.form));
    const yes =
      names.length === 0
        ? "say yes with `agent33 approvals approve`"
        : `give --field NAME=VALUE for ${names.join(", ")}`;
    throw usageError("There is nobody here to be asked.", `For an answer, ${yes}; or --decline.`);
  }
  output.out(questionText(asked));
  const chosen = await prompts.choose(`What does ${asked.server} get?`, [
    { value: "accept", label: asked.url === undefined ? "an answer" : "I have opened the page" },
    { value: "decline", label: "a no" },
    { value: "cancel", label: "nothing: dismiss it" },
    { value: "later", label: "nothing yet" },
  ]);
  if (chosen === "decline" || chosen === "cancel") return { action: chosen };
  if (chosen !== "accept") return undefined;
  const content: Record<string, JsonValue> = {};
  for (const [name, field] of Object.entries(fieldsOf(asked.form))) {
    const value = await fieldFrom(prompts, name, field, isRequired(asked, name));
    if (value === undefined) return undefined;
    if (value !== "")
      content[name] = valueOf(field, field["type"] === "array" ? split(value) : [value]);
  }
  return { action: "accept", content };
}

async function fieldFrom(
  prompts: Prompts,
  name: string,
  field: JsonObject,
  required: boolean,
): Promise<string | undefined> {
  const choices = choicesOf(field);
  const message = fieldLine(name, field, required);
  if (choices.length > 0 && field["type"] !== "array") {
    const none = required ? [] : [{ value: "", label: "(leave it out)" }];
    return await prompts.choose(message, [...choices, ...none]);
  }
  return await prompts.text({
    message,
    validate: (text) => (required && text === "" ? "It is required." : undefined),
  });
}

function split(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** What a field may be, where the form lists it. */
function choicesOf(
  field: JsonObject,
): readonly { readonly value: string; readonly label: string }[] {
  if (field["type"] === "boolean") {
    return ["yes", "no"].map((value) => ({ value, label: value }));
  }
  const source = (field["items"] ?? field) as JsonObject;
  const titled = source["oneOf"] ?? source["anyOf"];
  if (Array.isArray(titled)) {
    return (titled as readonly JsonObject[]).map((one) => ({
      value: wordOf(one["const"]),
      label: wordOf(one["title"] ?? one["const"]),
    }));
  }
  const values = source["enum"];
  return Array.isArray(values) ? values.map(wordOf).map((value) => ({ value, label: value })) : [];
}

function wordOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function isRequired({ form }: Elicitation, name: string): boolean {
  const required = form?.["required"];
  return Array.isArray(required) && required.includes(name);
}

function fieldLine(name: string, field: JsonObject, required: boolean): string {
  const { title, description, type, format } = field;
  const values = choicesOf(field).map(({ value }) => value);
  const kind =
    values.length > 0
      ? values.join(" | ")
      : [type, format].filter((word) => typeof word === "string").join(", ");
  const words = [title, description].filter((text) => typeof text === "string").join(": ");
  const given = field["default"] === undefined ? "" : ` [${JSON.stringify(field["default"])}]`;
  return `${name} (${kind}${required ? ", required" : ""})${given}${words === "" ? "" : ` ${words}`}`;
}

/** The question and the fields that it wants, always with the server's name. */
export function questionText(asked: Elicitation): string {
  const { server, what, message, url, form } = asked;
  const fields = Object.entries(fieldsOf(form)).map(
    ([name, field]) => `  ${fieldLine(name, field, isRequired(asked, name))}`,
  );
  return [
    `MCP server "${server}", in ${what}, asks: ${message}`,
    ...(url === undefined ? [] : [`Page to open: ${url}`]),
    ...fields,
  ].join("\n");
}
