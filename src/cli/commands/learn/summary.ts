import type { Command } from "commander";
import {
  type SignalSummary,
  type SummaryDimension,
  summaryDimensions,
  summaryRows,
} from "../../../learning/summary.ts";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { oneLine } from "../../output.ts";
import { oneWord, wholeNumber } from "../../usage.ts";
import { given } from "../../page.ts";
import { type LearnOptions, withLearning } from "./session.ts";
import { bars, counted, fields, utc } from "../../text.ts";

interface SummaryOptions extends LearnOptions {
  readonly days?: number;
  readonly hours?: number;
  readonly by: SummaryDimension;
}

export function summaryCommand(learn: Command, context: CliContext): void {
  addCommonOptions(learn.command("summary"))
    .description("how many signals there were, of what kind, and whether they become more")
    .option("--days <n>", "the last days (default: 30)", wholeNumber("--days"))
    .option(
      "--hours <n>",
      "the last hours, besides the days if both are given",
      wholeNumber("--hours"),
    )
    .option("--by <what>", summaryDimensions.join(", "), oneWord("--by", summaryDimensions), "type")
    .action((options: SummaryOptions) => summary(context, options));
}

async function summary(context: CliContext, options: SummaryOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, now, output, show }) => {
    const { by, days, hours } = options;
    const found = await rows.signalCounts.summary(given({ by, days, hours, now }));
    const groups = summaryRows(found, by);
    show({ ...found, by, groups }, () => {
      const table = bars(
        [by.toUpperCase(), "SIGNALS", "SEEN"],
        groups.map(({ key, signals, occurrences }) => [
          key === "" ? "(none)" : oneLine(key, 50),
          signals,
          occurrences,
        ]),
        output.width,
      );
      const none = found.total === 0 && by === "source";
      return `${totals(found)}${none ? "" : `\n\n${table}`}`;
    });
  });
}

function totals(summary: SignalSummary): string {
  const { from, to, total, occurrences, averageQuality, highQuality, previous, trend } = summary;
  const change = {
    up: `↑ ${trend.delta} more than`,
    down: `↓ ${-trend.delta} fewer than`,
    stable: "as many as",
  }[trend.direction];
  return fields([
    ["window", `${utc(from)} to ${utc(to)} UTC`],
    ["signals", `${total}, ${change} in the window before (${previous.total})`],
    ["seen", `${counted(occurrences, "time")} (before: ${previous.occurrences})`],
    [
      "quality",
      averageQuality === null ? undefined : `${averageQuality} on average, ${highQuality} high`,
    ],
  ]);
}
