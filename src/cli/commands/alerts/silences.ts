import type { Command } from "commander";
import type { AlertSilence } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { oneLine } from "../../output.ts";
import { addListOptions, given, type ListOptions, showPage, showResult } from "../../page.ts";
import { utc } from "../../text.ts";
import { duration, type NamedValue, namedValue, someText, usageError } from "../../usage.ts";
import { labelsText } from "./alert-text.ts";

interface SilenceOptions extends CommonOptions {
  readonly rule?: string;
  readonly tenant?: string;
  readonly label?: readonly NamedValue[];
  /** Milliseconds. */
  readonly for: number;
  readonly reason: string;
}

interface SilencesOptions extends ListOptions {
  readonly all?: boolean;
}

export function silenceCommands(alerts: Command, context: CliContext): void {
  addCommonOptions(alerts.command("silence"))
    .description("tell nobody of some alerts for a time; they are evaluated all the same")
    .option("--rule <name>", "of one rule")
    .option("--tenant <name>", "about one tenant")
    .option(
      "--label <name=value>",
      "with this label, may be repeated; owner and severity count as labels",
      namedValue("--label", "owner=platform-oncall"),
    )
    .requiredOption("--for <time>", "for how long: 30m, 2h, 7d", duration("--for"))
    .requiredOption("--reason <text>", "why, for those who ask later", someText("--reason"))
    .action((options: SilenceOptions) => silence(context, options));
  addListOptions(alerts.command("silences"))
    .description("silences that hold or are to come, newest first")
    .option("--all", "those that are over, too")
    .action((options: SilencesOptions) => list(context, options));
  addCommonOptions(alerts.command("unsilence"))
    .description("end a silence now")
    .argument("<silence>", "the silence's id, or its beginning")
    .action((prefix: string, options: CommonOptions) => unsilence(context, prefix, options));
}

async function silence(context: CliContext, options: SilenceOptions): Promise<void> {
  const output = outputOf(context, options);
  const { rule, tenant, label = [], reason } = options;
  const matchers = given({
    rule,
    tenant,
    ...Object.fromEntries(label.map(({ name, value }) => [name, value])),
  }) as Readonly<Record<string, string>>;
  if (Object.keys(matchers).length === 0) {
    throw usageError(
      "It is not said what to silence.",
      "Give --rule, --tenant or --label, such as --rule BreakerOpen.",
    );
  }
  const config = configOf(context, options);
  await withEngine(context, config, async ({ alerts }) => {
    const endsAt = context.host.clock.now() + options.for;
    const made = alerts.silence({ matchers, reason, endsAt }, { user: config.settings.user });
    showResult(
      output,
      made,
      () => `${made.id}: ${labelsText(made.matchers)} is silenced until ${utc(made.endsAt)}.`,
    );
  });
}

async function list(context: CliContext, options: SilencesOptions): Promise<void> {
  const output = outputOf(context, options);
  const { all = false, limit, cursor } = options;
  await withEngine(context, configOf(context, options), async ({ alerts }) => {
    const endsAfter = all ? undefined : context.host.clock.now();
    showPage(output, alerts.silences(given({ limit, cursor, endsAfter })), options, {
      command: "alerts silences",
      flags: { "--all": all },
      head: ["SILENCE", "UNTIL", "BY", "ABOUT", "WHY"],
      row: silenceRow,
      none: "Nothing is silenced.",
    });
  });
}

function silenceRow({ id, endsAt, by, matchers, reason }: AlertSilence): readonly string[] {
  return [id, utc(endsAt), by, labelsText(matchers), oneLine(reason, 80)];
}

async function unsilence(
  context: CliContext,
  prefix: string,
  options: CommonOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  await withEngine(context, config, async ({ alerts }) => {
    const ended = alerts.unsilence(prefix, { user: config.settings.user });
    showResult(
      output,
      ended,
      () => `${ended.id} is over: ${labelsText(ended.matchers)} is told again.`,
    );
  });
}
