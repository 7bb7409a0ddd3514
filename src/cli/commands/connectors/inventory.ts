import type { Command } from "commander";
import type { InventoryCheck, InventoryItem } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { columns, oneLine, type Style } from "../../output.ts";
import { fields, utc } from "../../text.ts";

export function inventoryCommands(connectors: Command, context: CliContext): void {
  addCommonOptions(connectors.command("list", { isDefault: true }))
    .description("everything that a run could go out through, and how it stands with it")
    .action((options: CommonOptions) => list(context, options));
  addCommonOptions(connectors.command("show"))
    .description("one of them, with what policy says and why it does not work")
    .argument("<name>", "its id or its name")
    .action((name: string, options: CommonOptions) => show(context, name, options));
  addCommonOptions(connectors.command("check"))
    .description("whether each of them works, by a call that changes nothing")
    .argument("[names...]", "ids or names (default: all)")
    .action((names: readonly string[], options: CommonOptions) => check(context, names, options));
}

async function list(context: CliContext, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ inventory }) => {
    const items = await inventory.list();
    if (output.json) {
      output.out(JSON.stringify({ items }));
      return;
    }
    const rows = items.map((item) => [
      oneLine(item.id, 40),
      item.kind,
      policyInWords(item),
      item.breaker,
      confinedInWords(item),
      stateInWords(item),
    ]);
    output.out(columns([["ID", "KIND", "POLICY", "BREAKER", "CONFINED", "LAST ERROR"], ...rows]));
  });
}

async function show(context: CliContext, name: string, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ inventory }) => {
    const items = await inventory.list([name]);
    if (output.json) {
      output.out(JSON.stringify({ items }));
      return;
    }
    output.out(items.map(details).join("\n\n"));
  });
}

async function check(
  context: CliContext,
  names: readonly string[],
  options: CommonOptions,
): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ inventory }) => {
    const items = await inventory.check(names);
    const failed = items.filter(({ state }) => state === "failed").length;
    context.exit(failed === 0 ? exitCodes.ok : exitCodes.failed);
    if (output.json) output.out(JSON.stringify({ ok: failed === 0, items }));
    else for (const item of items) output.out(checkInWords(item, output.style));
  });
}

const policyInWords = ({ policy }: InventoryItem): string =>
  policy.length === 0
    ? "-"
    : policy.map(({ effect, decision }) => `${effect} ${decision}`).join(", ");

function confinedInWords({ confined }: InventoryItem): string {
  if (confined === null) return "-";
  return confined ? "confined" : "unconfined";
}

function stateInWords({ problem, lastError, note }: InventoryItem): string {
  if (problem !== null) return oneLine(`cannot be used: ${problem.message}`, 80);
  if (lastError !== null) return oneLine(`${lastError.code}, ${utc(lastError.at)}`, 80);
  return note === null ? "-" : `- (${note})`;
}

function details(item: InventoryItem): string {
  const { id, kind, name, problem, policy, breaker, lastError, note } = item;
  return fields([
    ["id", oneLine(id, 200)],
    ["name", oneLine(name, 200)],
    ["kind", kind],
    ["problem", problem === null ? undefined : oneLine(`${problem.code}: ${problem.message}`, 500)],
    ["what to do", problem?.hint === undefined ? undefined : oneLine(problem.hint, 500)],
    ...policy.map(
      ({ effect, decision, rule, call }, index) =>
        [index === 0 ? "policy" : "", `${effect} ${decision} by ${rule} (${call})`] as const,
    ),
    ["breaker", breaker],
    ["confined", item.confined === null ? undefined : confinedInWords(item)],
    [
      "last error",
      lastError === null
        ? undefined
        : oneLine(
            `${lastError.code} at ${utc(lastError.at)} UTC in ${lastError.operation}: ${lastError.message}`,
            500,
          ),
    ],
    ["its call", lastError?.callId],
    ["note", note ?? undefined],
  ]);
}

function checkInWords({ id, state, detail, error }: InventoryCheck, style: Style): string {
  const mark = { ok: style.green("✓"), failed: style.red("✗"), "not checked": style.dim("-") }[
    state
  ];
  const line = `${mark} ${style.bold(oneLine(id, 60))}  ${oneLine(detail, 500)}`;
  return error?.hint === undefined
    ? line
    : `${line}\n    ${style.dim("→")} ${oneLine(error.hint, 500)}`;
}
