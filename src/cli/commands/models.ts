import type { Command } from "commander";
import { formatMicroUsd } from "../../base/money.ts";
import type { ModelCheck, ModelStanding } from "../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { columns, oneLine, type Style } from "../output.ts";

export function modelsCommand(program: Command, context: CliContext): void {
  const models = program.command("models").description("the models that runs may ask");
  addCommonOptions(models.command("list", { isDefault: true }))
    .description("where each is, its key, its window and its price; nothing is called")
    .argument("[models...]", "provider:model (default: those that the settings name)")
    .action((names: readonly string[], options: CommonOptions) => list(context, names, options));
  addCommonOptions(models.command("check"))
    .description("whether each is served where it should be, by a call that costs nothing")
    .argument("[models...]", "provider:model (default: those that the settings name)")
    .action((names: readonly string[], options: CommonOptions) => check(context, names, options));
}

const none = "No model is named in the settings. Name some here, or set `model`.";

async function list(
  context: CliContext,
  names: readonly string[],
  options: CommonOptions,
): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ models }) => {
    const items = await models.list(names);
    if (output.json) return output.out(JSON.stringify({ items }));
    if (items.length === 0) return output.out(none);
    const rows = items.map((item) => [
      oneLine(item.name, 60),
      item.namedIn.join(", "),
      keyInWords(item),
      item.contextTokens?.toLocaleString("en-US") ?? "-",
      priceInWords(item),
    ]);
    output.out(columns([["MODEL", "NAMED IN", "KEY", "WINDOW", "IN / OUT A MILLION"], ...rows]));
    for (const { name, problem } of items) {
      if (problem === null) continue;
      output.out(`${output.style.red("✗")} ${oneLine(name, 60)}  ${problem.message}`);
      if (problem.hint !== undefined) output.out(`    ${output.style.dim("→")} ${problem.hint}`);
    }
  });
}

async function check(
  context: CliContext,
  names: readonly string[],
  options: CommonOptions,
): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ models }) => {
    const items = await models.check(names);
    const failed = items.some(({ state }) => state === "failed");
    context.exit(failed ? exitCodes.failed : exitCodes.ok);
    if (output.json) return output.out(JSON.stringify({ ok: !failed, items }));
    if (items.length === 0) return output.out(none);
    for (const item of items) output.out(checkInWords(item, output.style));
  });
}

function keyInWords({ key }: ModelStanding): string {
  return key === null ? "-" : `${key.variable} ${key.isSet ? "set" : "not set"}`;
}

function priceInWords({ price }: ModelStanding): string {
  if (price === null) return "unpriced";
  const { inputMicroUsd, outputMicroUsd, source } = price;
  return `${formatMicroUsd(inputMicroUsd)} / ${formatMicroUsd(outputMicroUsd)} (${source.replace("_", " ")})`;
}

function checkInWords({ name, state, detail, error }: ModelCheck, style: Style): string {
  const mark = { ok: style.green("✓"), failed: style.red("✗"), "not checked": "-" }[state];
  const code = error === null ? "" : `${error.code}: `;
  const line = `${mark} ${style.bold(oneLine(name, 80))}  ${code}${oneLine(detail, 300)}`;
  return error?.hint === undefined ? line : `${line}\n    ${style.dim("→")} ${error.hint}`;
}
