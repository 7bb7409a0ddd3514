import type { Command } from "commander";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { columns } from "../../output.ts";
import { showResult } from "../../page.ts";
import { alertHead, alertRow } from "./alert-text.ts";

export function checkCommand(alerts: Command, context: CliContext): void {
  addCommonOptions(alerts.command("check"))
    .description("look at all alerts now and tell of them; ends with 1 where one fires")
    .action((options: CommonOptions) => check(context, options));
}

async function check(context: CliContext, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ alerts }) => {
    const looked = await alerts.check();
    const { items } = alerts.list({ state: "firing", limit: 1_000 });
    const pending = alerts.list({ state: "pending", limit: 1_000 }).items.length;
    if (items.length > 0) context.exit(exitCodes.failed);
    const others = looked
      ? ""
      : "Another process looks at the alerts; this is what it has found.\n";
    const rest = pending === 0 ? "" : `\n${pending} more hold, but not for long enough yet.`;
    showResult(output, { looked, firing: items, pending }, () =>
      items.length === 0
        ? `${others}No alert fires; ${alerts.rules.length} rules were looked at.${rest}`
        : `${others}${columns([alertHead, ...items.map((one) => alertRow(one, alerts.rules))])}${rest}`,
    );
  });
}
