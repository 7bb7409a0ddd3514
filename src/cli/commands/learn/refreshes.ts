import type { Command } from "commander";
import {
  parseNewRefresh,
  type Refresh,
  type RefreshScope,
  refreshScopes,
  type RefreshState,
  refreshStates,
} from "../../../learning/refresh.ts";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { oneLine } from "../../output.ts";
import { collect, oneWord, someText } from "../../usage.ts";
import { addListOptions, given, type ListOptions, showPage } from "../../page.ts";
import { type LearnOptions, withLearning } from "./session.ts";
import { block, entries, fields, utc } from "../../text.ts";

interface RefreshListOptions extends ListOptions {
  readonly scope?: RefreshScope;
  readonly state?: RefreshState;
}

interface CreateOptions extends LearnOptions {
  readonly scope: RefreshScope;
  readonly title: string;
  readonly reason?: string;
  readonly participant?: readonly string[];
}

interface CompleteOptions extends LearnOptions {
  readonly outcome: string;
  readonly change?: readonly string[];
}

export function refreshesCommand(learn: Command, context: CliContext): void {
  const refreshes = learn
    .command("refreshes")
    .description("looks at the roadmap in the light of what was learned");
  const scope = oneWord("--scope", refreshScopes);
  addListOptions(refreshes.command("list"))
    .description("refreshes, newest first")
    .option("--scope <scope>", refreshScopes.join(", "), scope)
    .option("--state <state>", refreshStates.join(", "), oneWord("--state", refreshStates))
    .action((options: RefreshListOptions) => list(context, options));
  addCommonOptions(refreshes.command("show"))
    .description("one refresh, with what came of it")
    .argument("<refresh>", "the refresh's id, or its beginning")
    .action((prefix: string, options: LearnOptions) => show(context, prefix, options));
  addCommonOptions(refreshes.command("create"))
    .description("plan a refresh")
    .requiredOption("--scope <scope>", refreshScopes.join(", "), scope)
    .requiredOption("--title <text>", "what is looked at")
    .option("--reason <text>", "why now")
    .option("--participant <name>", "who takes part; may be repeated", collect)
    .action((options: CreateOptions) => create(context, options));
  addCommonOptions(refreshes.command("complete"))
    .description("note what came of a refresh")
    .argument("<refresh>", "the refresh's id, or its beginning")
    .requiredOption("--outcome <text>", "what was decided", someText("--outcome"))
    .option("--change <text>", "what changed on the roadmap; may be repeated", collect)
    .action((prefix: string, options: CompleteOptions) => complete(context, prefix, options));
}

async function list(context: CliContext, options: RefreshListOptions): Promise<void> {
  await withLearning(context, options, async (session) => {
    const { scope, state, limit, cursor } = options;
    const page = await session.rows.refreshes.list(given({ scope, state, limit, cursor }));
    showPage(session.output, page, options, {
      command: "learn refreshes list",
      flags: { "--scope": scope, "--state": state },
      head: ["REFRESH", "PLANNED (UTC)", "SCOPE", "STATE", "TITLE"],
      row: (refresh) => [
        refresh.id,
        utc(refresh.createdAt),
        refresh.scope,
        refresh.state,
        oneLine(refresh.title, 60),
      ],
      none: 'There are no refreshes yet. Plan one: agent33 learn refreshes create --scope minor --title "…"',
    });
  });
}

async function show(context: CliContext, prefix: string, options: LearnOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, next, show: showResult }) => {
    const refresh = await rows.refreshes.find(prefix);
    showResult(refresh, () => {
      const after = refresh.state === "complete" ? "" : `\n\n${next(completion(refresh))}`;
      return `${refreshText(refresh)}${after}`;
    });
  });
}

const completion = ({ id }: Refresh): string => `refreshes complete ${id} --outcome "…"`;

function refreshText(refresh: Refresh): string {
  const { completedAt, completedBy, participants } = refresh;
  const table = fields([
    ["refresh", refresh.id],
    ["scope", refresh.scope],
    ["state", refresh.state],
    ["planned", `${utc(refresh.createdAt)} UTC`],
    [
      "completed",
      completedAt === null
        ? undefined
        : `${utc(completedAt)} UTC by ${oneLine(completedBy ?? "?", 100)}`,
    ],
    ["with", participants.length === 0 ? undefined : oneLine(participants.join(", "), 300)],
  ]);
  return [
    `${oneLine(refresh.title, 500)}\n\n${table}`,
    block("reason", refresh.reason),
    block("outcome", refresh.outcome ?? ""),
    entries("changes", refresh.changes),
  ].join("");
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, next, show: showResult }) => {
    const { scope, title, reason, participant } = options;
    const made = await rows.refreshes.create(
      parseNewRefresh(given({ scope, title, reason, participants: participant })),
    );
    const planned = `planned ${made.id}: ${oneLine(made.title, 80)}`;
    showResult(made, () => `${planned}\n${next(completion(made))}`);
  });
}

async function complete(
  context: CliContext,
  prefix: string,
  options: CompleteOptions,
): Promise<void> {
  await withLearning(context, options, async ({ rows, user, show: showResult }) => {
    const { id } = await rows.refreshes.find(prefix);
    const { outcome, change = [] } = options;
    const done = await rows.refreshes.complete(id, outcome, change, user);
    showResult(done, () => `${id} is ${done.state}: ${oneLine(done.title, 80)}`);
  });
}
