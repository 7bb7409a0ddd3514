import type { Command } from "commander";
import { type Checklist, parseNewChecklist } from "../../../learning/checklist.ts";
import { type ChecklistPeriod, checklistPeriods } from "../../../learning/checklist-items.ts";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { oneLine } from "../../output.ts";
import { oneWord, someText } from "../../usage.ts";
import { addListOptions, given, type ListOptions, showPage } from "../../page.ts";
import { type LearnOptions, withLearning } from "./session.ts";
import { fields, utc } from "../../text.ts";

const states = ["open", "complete"] as const;

interface ChecklistListOptions extends ListOptions {
  readonly period?: ChecklistPeriod;
  readonly state?: Checklist["state"];
}

interface CreateOptions extends LearnOptions {
  readonly period: ChecklistPeriod;
  readonly reference: string;
}

interface CompleteOptions extends LearnOptions {
  readonly notes?: string;
}

export function checklistsCommand(learn: Command, context: CliContext): void {
  const checklists = learn
    .command("checklists")
    .description("what is gone through with each release, month and quarter");
  const period = oneWord("--period", checklistPeriods);
  addListOptions(checklists.command("list"))
    .description("checklists, newest first")
    .option("--period <period>", checklistPeriods.join(", "), period)
    .option("--state <state>", states.join(", "), oneWord("--state", states))
    .action((options: ChecklistListOptions) => list(context, options));
  addCommonOptions(checklists.command("show"))
    .description("one checklist, item by item")
    .argument("<checklist>", "the checklist's id, or its beginning")
    .action((prefix: string, options: LearnOptions) => show(context, prefix, options));
  addCommonOptions(checklists.command("create"))
    .description("begin a checklist")
    .requiredOption("--period <period>", checklistPeriods.join(", "), period)
    .requiredOption(
      "--reference <text>",
      "which release, month or quarter: 1.4.0, 2026-07, 2026-Q3",
      someText("--reference"),
    )
    .action((options: CreateOptions) => create(context, options));
  addCommonOptions(checklists.command("complete"))
    .description("tick an item off")
    .argument("<checklist>", "the checklist's id, or its beginning")
    .argument("<item>", "the item's id: CI-01")
    .option("--notes <text>", "what was found")
    .action((prefix: string, item: string, options: CompleteOptions) =>
      complete(context, prefix, item, options),
    );
  addCommonOptions(checklists.command("reopen"))
    .description("take a tick back")
    .argument("<checklist>", "the checklist's id, or its beginning")
    .argument("<item>", "the item's id: CI-01")
    .action((prefix: string, item: string, options: LearnOptions) =>
      reopen(context, prefix, item, options),
    );
}

async function list(context: CliContext, options: ChecklistListOptions): Promise<void> {
  await withLearning(context, options, async (session) => {
    const { period, state, limit, cursor } = options;
    const page = await session.rows.checklists.list(given({ period, state, limit, cursor }));
    showPage(session.output, page, options, {
      command: "learn checklists list",
      flags: { "--period": period, "--state": state },
      head: ["CHECKLIST", "CREATED (UTC)", "PERIOD", "STATE", "DONE", "REFERENCE"],
      row: (checklist) => [
        checklist.id,
        utc(checklist.createdAt),
        checklist.period,
        checklist.state,
        progress(checklist),
        oneLine(checklist.reference, 60),
      ],
      none: "There are no checklists yet. Begin one: agent33 learn checklists create --period monthly --reference 2026-07",
    });
  });
}

function progress({ items }: Checklist): string {
  return `${items.filter(({ completedAt }) => completedAt !== null).length} of ${items.length}`;
}

async function show(context: CliContext, prefix: string, options: LearnOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, next, show: showResult }) => {
    const checklist = await rows.checklists.find(prefix);
    showResult(checklist, () => {
      const open = checklist.items.find(({ completedAt }) => completedAt === null);
      if (open === undefined) return checklistText(checklist);
      const words = `checklists complete ${checklist.id} ${open.id}`;
      return `${checklistText(checklist)}\n\n${next(words)}`;
    });
  });
}

function checklistText(checklist: Checklist): string {
  const table = fields([
    ["checklist", checklist.id],
    ["for", `${checklist.period} ${oneLine(checklist.reference, 200)}`],
    ["state", `${checklist.state}, ${progress(checklist)} done`],
    ["created", `${utc(checklist.createdAt)} UTC`],
  ]);
  const items = checklist.items.flatMap(({ id, text, completedAt, completedBy, notes }) => [
    `${completedAt === null ? "[ ]" : "[x]"} ${id}  ${text}`,
    ...(completedAt === null
      ? []
      : [
          `           ${utc(completedAt)} UTC by ${oneLine(completedBy ?? "?", 100)}${notes === "" ? "" : `: ${oneLine(notes, 500)}`}`,
        ]),
  ]);
  return `${table}\n\n${items.join("\n")}`;
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, show: showResult }) => {
    const { period, reference } = options;
    const made = await rows.checklists.create(parseNewChecklist({ period, reference }));
    showResult(made, () => checklistText(made));
  });
}

async function complete(
  context: CliContext,
  prefix: string,
  item: string,
  { notes, ...options }: CompleteOptions,
): Promise<void> {
  await withLearning(context, options, async ({ rows, user, show: showResult }) => {
    const before = await rows.checklists.find(prefix);
    const done = await rows.checklists.complete(before.id, item, user, notes);
    showResult(done, () => {
      const known = before.items.find(({ id }) => id === item);
      const first = known?.completedAt ?? null;
      const whole = done.state === "complete" ? "; the checklist is complete" : "";
      if (first === null) return `${item} is done, ${progress(done)}${whole}`;
      return `${item} was done by ${oneLine(known?.completedBy ?? "?", 100)} on ${utc(first)} UTC; nothing changed`;
    });
  });
}

async function reopen(
  context: CliContext,
  prefix: string,
  item: string,
  options: LearnOptions,
): Promise<void> {
  await withLearning(context, options, async ({ rows, show: showResult }) => {
    const { id } = await rows.checklists.find(prefix);
    const reopened = await rows.checklists.reopen(id, item);
    showResult(reopened, () => `${item} is open, ${progress(reopened)} done`);
  });
}
