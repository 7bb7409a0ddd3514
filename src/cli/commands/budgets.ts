import type { Command } from "commander";
import { addCommonOptions, type CliContext, configOf, outputOf, withEngine } from "../context.ts";
import { columns } from "../output.ts";

interface Options {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function budgetsCommand(program: Command, context: CliContext): void {
  const budgets = program.command("budgets").description("hard limits over runs and processes");
  addCommonOptions(budgets.command("list"))
    .description("what is used and set aside of each budget, period by period")
    .action((options: Options) => list(context, options));
}

async function list(context: CliContext, options: Options): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ store }) => {
    const items = store.budgets.list();
    if (output.json) {
      output.out(JSON.stringify({ items }));
      return;
    }
    if (items.length === 0) {
      output.out("No budget has been used. Budgets are set under `budgets` in the settings.");
      return;
    }
    const share = (used: number, limit: number | undefined, unit = 1): string =>
      limit === undefined ? "-" : `${used / unit} of ${limit / unit}`;
    const rows = items.map(({ id, used, limits }) => [
      id,
      share(used.costMicroUsd, limits.costMicroUsd, 1_000_000),
      share(used.tokens, limits.tokens),
      share(used.calls, limits.calls),
      share(used.milliseconds, limits.milliseconds, 1_000),
    ]);
    output.out(columns([["BUDGET", "USD", "TOKENS", "CALLS", "SECONDS"], ...rows]));
  });
}
