import type { Comparison } from "../statistics/comparison.ts";
import type { SuiteResult } from "../statistics/suite.ts";
import {
  chance,
  differenceText,
  intervalText,
  moneyText,
  noFigure,
  percent,
  percentText,
  points,
  timeText,
} from "./figure-text.ts";
import type { EvaluationReport } from "./report.ts";

/** One table of a report, as text, before it gets a form. */
export interface ReportTable {
  readonly title: string;
  /** What it says, and how it is to be read. */
  readonly about: string;
  readonly columns: readonly { readonly title: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

const text = (title: string) => ({ title, numeric: false });
const number = (title: string) => ({ title, numeric: true });

/** One row a condition. */
export function suiteTable({ suites }: EvaluationReport): ReportTable {
  const level = percent(suites[0]?.level ?? 0.95).replace(".0", "");
  return {
    title: "Conditions",
    about: `The rate is the mean over tasks, which all weigh the same; its ${level} interval is clustered by task. The noise floor is what two runs of the same are apart by chance.`,
    columns: [
      text("condition"),
      number("tasks"),
      number("trials"),
      number("passed"),
      number("no verdict"),
      number("rate"),
      number("interval"),
      number("flaky tasks"),
      number("noise floor"),
      number("cost a success"),
      number("time a success"),
    ],
    rows: suites.map((suite) => [
      nameOf(suite),
      String(suite.counts.tasks),
      String(suite.counts.judged),
      String(suite.counts.passed),
      String(suite.counts.errors),
      percentText(suite.rate),
      intervalText(suite.interval),
      String(suite.flaky.length),
      suite.noiseFloor.ok ? percent(suite.noiseFloor.value.floor) : noFigure,
      moneyText(suite.costPerSuccess),
      timeText(suite.durationPerSuccess),
    ]),
  };
}

export function nameOf({ name, attempt }: SuiteResult): string {
  return attempt === "agent" ? name : `${name} (${attempt})`;
}

/** pass@k and pass^k, a row for each condition and k. */
export function passTable({ suites }: EvaluationReport): ReportTable {
  return {
    title: "Several trials",
    about:
      "pass@k: at least one of k trials passes. pass^k: all of k pass. Tasks with fewer than k trials with a verdict are in neither.",
    columns: [
      text("condition"),
      number("k"),
      number("pass@k"),
      number("pass^k"),
      number("tasks"),
      number("left out"),
    ],
    rows: suites.flatMap((suite) =>
      suite.passes.map(({ k, at, hat }) => [
        nameOf(suite),
        String(k),
        at.ok ? percent(at.value.value) : noFigure,
        hat.ok ? percent(hat.value.value) : noFigure,
        at.ok ? String(at.value.tasks) : "0",
        at.ok ? String(at.value.leftOut) : noFigure,
      ]),
    ),
  };
}

/** One row a task and condition. */
export function taskTable(suite: SuiteResult): ReportTable {
  return {
    title: `Tasks: ${nameOf(suite)}`,
    about:
      "Wilson's interval, and the exact one of Clopper and Pearson, of the rate of each task's trials.",
    columns: [
      text("task"),
      number("passed"),
      number("no verdict"),
      number("rate"),
      number("Wilson"),
      number("exact"),
      text("flaky"),
    ],
    rows: suite.tasks.map((task) => [
      task.task,
      `${task.passes} of ${task.trials}`,
      String(task.errors),
      percentText(task.rate),
      intervalText(task.wilson),
      intervalText(task.clopperPearson),
      task.flaky ? "flaky" : "",
    ]),
  };
}

/** Why trials came to no verdict. */
export function errorTable({ suites }: EvaluationReport): ReportTable {
  return {
    title: "Trials without a verdict",
    about: "Faults of the infrastructure. They are in no rate: a missing reward is not a zero.",
    columns: [text("condition"), text("error"), number("trials"), text("the first")],
    rows: suites.flatMap((suite) =>
      suite.errors.map(({ code, trials, message }) => [
        nameOf(suite),
        code,
        String(trials),
        message,
      ]),
    ),
  };
}

/** What a comparison comes to, a row a figure. */
export function comparisonTable(comparison: Comparison): ReportTable {
  const { difference, bootstrap, interval, signFlip, mcnemar, normalizedGain, noiseFloor, rates } =
    comparison;
  const level = percent(comparison.a.level).replace(".0", "");
  return {
    title: "Difference",
    about: `${nameOf(comparison.b)} beside ${nameOf(comparison.a)}, task by task. Random draws have the seed ${comparison.a.seed}.`,
    columns: [text("figure"), number("value")],
    rows: [
      ["paired tasks", String(comparison.pairs.length)],
      ["rates", rates.ok ? `${percent(rates.value.a)} → ${percent(rates.value.b)}` : noFigure],
      ["difference", difference.ok ? points(difference.value) : noFigure],
      [`${level} interval, paired bootstrap`, differenceText(bootstrap)],
      [`${level} interval, paired t`, differenceText(interval)],
      [
        "noise floor of such a difference",
        noiseFloor.ok ? points(noiseFloor.value.floor).replace("+", "±") : noFigure,
      ],
      [
        "sign-flip permutation p",
        signFlip.ok ? `${chance(signFlip.value.p)} (${signFlip.value.method})` : noFigure,
      ],
      [
        "McNemar exact p, by majorities",
        `${chance(mcnemar.p)} (${mcnemar.gained} gained, ${mcnemar.lost} lost, ${mcnemar.tied} tied)`,
      ],
      ["normalized gain", percentText(normalizedGain)],
      ["tasks helped", String(comparison.helped.length)],
      ["tasks hurt", String(comparison.hurt.length)],
    ],
  };
}

/** The tasks of which the two sides differ, the greatest difference first. */
export function pairTable({ pairs }: Comparison): ReportTable {
  return {
    title: "Tasks that differ",
    about:
      "Rates of one task under both conditions. One task's few trials say little by themselves.",
    columns: [text("task"), number("first"), number("second"), number("difference")],
    rows: pairs
      .filter(({ difference }) => difference !== 0)
      .toSorted((one, other) => one.difference - other.difference)
      .map(({ task, a, b, difference }) => [
        task,
        `${a.passes} of ${a.trials}`,
        `${b.passes} of ${b.trials}`,
        points(difference),
      ]),
  };
}

/** One sentence that says what came of a comparison. */
export function verdictOf(comparison: Comparison): string {
  const { difference, bootstrap, noiseFloor, sameCondition, hurt } = comparison;
  if (!difference.ok) return difference.error.message;
  const said = `The second side's rate is ${points(difference.value)} from the first's`;
  if (sameCondition) return `${said}; both are the same condition, so that this is noise.`;
  if (!bootstrap.ok) return `${said}; how sure that is, is not known: ${bootstrap.error.message}`;
  const { low, high } = bootstrap.value;
  const sure = low > 0 || high < 0;
  const within = noiseFloor.ok && Math.abs(difference.value) < noiseFloor.value.floor;
  const tail =
    hurt.length === 0
      ? ""
      : ` ${hurt.length} ${hurt.length === 1 ? "task was" : "tasks were"} hurt.`;
  if (sure && !within) return `${said}, more than chance explains.${tail}`;
  return `${said}, which chance alone may give.${tail}`;
}
