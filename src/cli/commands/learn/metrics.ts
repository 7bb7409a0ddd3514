import type { Command } from "commander";
import { type MetricDefinition, metricDefinitions } from "../../../learning/metric.ts";
import { parseNewSnapshot, type Snapshot } from "../../../learning/metric-snapshot.ts";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { columns, oneLine } from "../../output.ts";
import { type NamedValue, namedValue, someText, usageError, wholeNumber } from "../../usage.ts";
import { addListOptions, given, type ListOptions, showPage } from "../../page.ts";
import { type LearnOptions, withLearning } from "./session.ts";
import { fields, utc } from "../../text.ts";

interface MetricListOptions extends ListOptions {
  readonly period?: string;
}

interface SnapshotOptions extends LearnOptions {
  readonly period: string;
  readonly value: readonly NamedValue[];
  readonly unit?: readonly NamedValue[];
  readonly polarity?: readonly NamedValue[];
  readonly name?: readonly NamedValue[];
  readonly target?: readonly NamedValue[];
  readonly baseline?: readonly NamedValue[];
}

interface HistoryOptions extends LearnOptions {
  readonly limit: number;
}

interface TrendOptions extends LearnOptions {
  readonly periods?: number;
}

export function metricsCommand(learn: Command, context: CliContext): void {
  const metrics = learn
    .command("metrics")
    .description("what the metrics of improvement stood at, time after time");
  addListOptions(metrics.command("list"))
    .description("snapshots, newest first")
    .option("--period <text>", "only those of this period")
    .action((options: MetricListOptions) => list(context, options));
  addCommonOptions(metrics.command("show"))
    .description("one snapshot")
    .argument("<snapshot>", "the snapshot's id, or its beginning")
    .action((prefix: string, options: LearnOptions) => show(context, prefix, options));
  addCommonOptions(metrics.command("definitions"))
    .description("what each metric means: those built in, and those of the newest snapshot")
    .action((options: LearnOptions) => definitions(context, options));
  addCommonOptions(metrics.command("snapshot"))
    .description("note what metrics stand at; the first value of your own one declares it")
    .requiredOption("--period <text>", "which time: 2026-07, sprint 14", someText("--period"))
    .requiredOption(
      "--value <metric=number>",
      "IM-01=12; may be repeated",
      namedValue("--value", "IM-01=12"),
    )
    .option(
      "--unit <metric=text>",
      "the unit of your own metric, the first time",
      namedValue("--unit", "deploys='per week'"),
    )
    .option(
      "--polarity <metric=word>",
      "higher or lower: which way your own metric is better, the first time",
      namedValue("--polarity", "deploys=higher"),
    )
    .option("--name <metric=text>", "its name", namedValue("--name", "deploys=Deployments"))
    .option("--target <metric=number>", "value to reach", namedValue("--target", "IM-01=8"))
    .option(
      "--baseline <metric=number>",
      "value it began with",
      namedValue("--baseline", "IM-01=20"),
    )
    .action((options: SnapshotOptions) => snapshot(context, options));
  addCommonOptions(metrics.command("history"))
    .description("the values of a metric, newest first")
    .argument("<metric>", "IM-01 or one of your own")
    .option("--limit <n>", "how many, at most 1000", wholeNumber("--limit"), 20)
    .action((metric: string, options: HistoryOptions) => history(context, metric, options));
  addCommonOptions(metrics.command("trend"))
    .description("whether a metric improves: the older half of its last values against the newer")
    .argument("<metric>", "IM-01 or one of your own")
    .option("--periods <n>", "how many values (default: 6)", wholeNumber("--periods"))
    .action((metric: string, options: TrendOptions) => trend(context, metric, options));
}

async function list(context: CliContext, options: MetricListOptions): Promise<void> {
  await withLearning(context, options, async (session) => {
    const { period, limit, cursor } = options;
    const page = await session.rows.metrics.list(given({ period, limit, cursor }));
    showPage(session.output, page, options, {
      command: "learn metrics list",
      flags: { "--period": period },
      head: ["SNAPSHOT", "TAKEN (UTC)", "PERIOD", "VALUES"],
      row: (one) => [one.id, utc(one.takenAt), oneLine(one.period, 30), valuesOf(one)],
      none: "There are no snapshots yet. Take one: agent33 learn metrics snapshot --period 2026-07 --value IM-01=12",
    });
  });
}

function valuesOf({ metrics }: Snapshot): string {
  return oneLine(metrics.map(({ id, value }) => `${id}=${value}`).join(" "), 80);
}

async function show(context: CliContext, prefix: string, options: LearnOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, show: showResult }) => {
    const found = await rows.metrics.find(prefix);
    showResult(found, () => snapshotText(found));
  });
}

function snapshotText({ id, period, takenAt, metrics }: Snapshot): string {
  const table = fields([
    ["snapshot", id],
    ["period", oneLine(period, 200)],
    ["taken", `${utc(takenAt)} UTC`],
  ]);
  const values = metrics.map(({ id: metric, value, unit, target, baseline, name }) => [
    metric,
    String(value),
    oneLine(unit, 30),
    target === null ? "-" : String(target),
    baseline === null ? "-" : String(baseline),
    oneLine(name, 60),
  ]);
  return `${table}\n\n${columns([["METRIC", "VALUE", "UNIT", "TARGET", "BASELINE", "NAME"], ...values])}`;
}

async function definitions(context: CliContext, options: LearnOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, show: showResult }) => {
    const latest = await rows.metrics.latest();
    const byId = new Map<string, MetricDefinition>(metricDefinitions.map((one) => [one.id, one]));
    for (const { id, name, unit, polarity, target } of latest?.metrics ?? []) {
      byId.set(id, { id, name, unit, polarity, target });
    }
    const items = [...byId.values()];
    showResult({ items }, () =>
      columns([
        ["METRIC", "UNIT", "BETTER", "TARGET", "NAME"],
        ...items.map(({ id, unit, polarity, target, name }) => [
          id,
          oneLine(unit, 30),
          polarity,
          target === null ? "-" : String(target),
          oneLine(name, 60),
        ]),
      ]),
    );
  });
}

async function snapshot(context: CliContext, options: SnapshotOptions): Promise<void> {
  const values = options.value.map(({ name, value }) => ({
    id: name,
    value: number("--value", name, value),
  }));
  const known = new Set(values.map(({ id }) => id));
  const { unit, polarity, name: names, target, baseline } = options;
  const said = Object.entries({ unit, polarity, name: names, target, baseline });
  for (const [flag, given = []] of said) {
    const stray = given.find(({ name }) => !known.has(name));
    if (stray !== undefined) {
      throw usageError(
        `--${flag} names "${stray.name}", which has no --value.`,
        `Add --value ${stray.name}=NUMBER, or correct the name.`,
      );
    }
  }
  const of = (list: readonly NamedValue[] | undefined, id: string) =>
    list?.find(({ name }) => name === id)?.value;
  const amount = (flag: string, list: readonly NamedValue[] | undefined, id: string) => {
    const text = of(list, id);
    return text === undefined ? undefined : number(flag, id, text);
  };
  const asked = parseNewSnapshot({
    period: options.period,
    metrics: values.map(({ id, value }) => ({
      id,
      value,
      ...given({
        unit: of(unit, id),
        polarity: of(polarity, id),
        name: of(names, id),
        target: amount("--target", target, id),
        baseline: amount("--baseline", baseline, id),
      }),
    })),
  });
  await withLearning(context, options, async ({ rows, show: showResult }) => {
    const taken = await rows.metrics.snapshot(asked);
    showResult(taken, () => snapshotText(taken));
  });
}

function number(flag: string, name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw usageError(
    `${flag} ${name} takes a number, not "${text}".`,
    `For example ${flag} ${name}=12.5`,
  );
}

async function history(
  context: CliContext,
  metric: string,
  options: HistoryOptions,
): Promise<void> {
  await withLearning(context, options, async ({ rows, show: showResult }) => {
    const points = await rows.metrics.history(metric, options.limit);
    showResult({ metric, items: points }, () => {
      if (points.length === 0) return `${metric} has no values yet.`;
      const lines = points.map(({ takenAt, value, period }) => [
        utc(takenAt),
        String(value),
        oneLine(period, 60),
      ]);
      return columns([["TAKEN (UTC)", "VALUE", "PERIOD"], ...lines]);
    });
  });
}

async function trend(context: CliContext, metric: string, options: TrendOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, show: showResult }) => {
    const found = await rows.metrics.trend(metric, options.periods);
    showResult(found, () => {
      const { metric: of, direction, values, firstMean, secondMean, change } = found;
      const share = change === null ? "" : ` (${change > 0 ? "+" : ""}${rounded(change * 100)} %)`;
      return fields([
        [
          "metric",
          `${of.id}: ${oneLine(of.name, 60)}, ${oneLine(of.unit, 30)}, ${of.polarity} is better`,
        ],
        ["trend", direction === "insufficient" ? "too few values: two are needed" : direction],
        ["values", values.length === 0 ? "-" : values.map(rounded).join(", ")],
        [
          "means",
          firstMean === null || secondMean === null
            ? undefined
            : `${rounded(firstMean)} → ${rounded(secondMean)}${share}`,
        ],
        ["target", of.target === null ? undefined : String(of.target)],
      ]);
    });
  });
}

/** With as many digits as one reads. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(6)));
}
