import { appendFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { Agent33Error, messageOf } from "../../../base/errors.ts";
import {
  type EvaluationReport,
  type PassRule,
  type ReportFormat,
  renderReport,
  reportFormats,
  type SuiteOptions,
} from "../../../engine/evaluation.ts";
import { type CliContext, type CommonOptions, outputOf } from "../../context.ts";
import { numberWithin, usageError, wholeNumber } from "../../usage.ts";
import { writeResult } from "../policy/files.ts";

/** What reports of any kind take. */
export interface ReportOptions extends CommonOptions {
  readonly format?: ReportFormat;
  readonly output?: string;
  readonly stepSummary?: boolean;
  readonly level?: number;
  readonly seed?: number;
  readonly resamples?: number;
  readonly passAt?: PassRule;
}

export function addReportOptions(command: Command): Command {
  return command
    .addOption(new Option("--format <format>", "form of the report").choices(reportFormats))
    .option("--output <file>", "write the report to a file")
    .option("--step-summary", "also add the Markdown to the file that GITHUB_STEP_SUMMARY names")
    .option("--level <share>", "how sure intervals are (0.95)", numberWithin("--level", 0.5, 0.999))
    .option("--seed <number>", "seed of random draws (33)", wholeNumber("--seed", 2 ** 32 - 1))
    .option(
      "--resamples <number>",
      "random draws a figure (10000)",
      wholeNumber("--resamples", 1e6),
    )
    .option(
      "--pass-at <[reward=]number>",
      "the reward that passes, instead of each trial's own",
      passRule,
    )
    .option("--json", "the figures as JSON for programs");
}

function passRule(words: string): PassRule {
  const [, reward = "reward", number = ""] = /^(?:([^=]+)=)?(.+)$/.exec(words) ?? [];
  const atLeast = Number(number);
  if (number.trim() !== "" && Number.isFinite(atLeast)) return { reward, atLeast };
  throw usageError(
    `--pass-at takes a number, not "${words}".`,
    "For example --pass-at accuracy=0.8",
  );
}

/** The options that figures hang on. */
export function suiteOptionsOf({ level, seed, resamples, passAt }: ReportOptions): SuiteOptions {
  return {
    ...(level === undefined ? {} : { level }),
    ...(seed === undefined ? {} : { seed }),
    ...(resamples === undefined ? {} : { resamples }),
    ...(passAt === undefined ? {} : { passRule: passAt }),
  };
}

/** Writes a report to where it is wanted. */
export function writeReport(
  context: CliContext,
  options: ReportOptions,
  report: EvaluationReport,
): void {
  const format = options.json === true ? "json" : (options.format ?? formatOf(options.output));
  const text = renderReport(report, format);
  if (options.stepSummary === true) addToSummary(context, renderReport(report, "markdown"));
  if (options.output === undefined) {
    outputOf(context, { ...options, json: format === "json" || format === "ctrf" }).out(
      text.trimEnd(),
    );
    return;
  }
  writeResult(context, options.output, text);
  outputOf(context, options).err(`The report is in ${options.output}`);
}

/** As the name of the file says, where it does. */
function formatOf(output: string | undefined): ReportFormat {
  if (output === undefined) return "markdown";
  if (/\.html?$/i.test(output)) return "html";
  return /\.json$/i.test(output) ? "ctrf" : "markdown";
}

/** Adds to a step's summary where there is one: in GitHub Actions. */
export function tellSummary(context: CliContext, text: string): void {
  const summary = context.host.env["GITHUB_STEP_SUMMARY"];
  if (summary !== undefined && summary !== "") addToSummary(context, text);
}

export function addToSummary(context: CliContext, text: string): void {
  const file = context.host.env["GITHUB_STEP_SUMMARY"];
  if (file === undefined || file === "") {
    throw usageError(
      "GITHUB_STEP_SUMMARY names no file.",
      "Use --step-summary in a step of GitHub Actions, and --output FILE elsewhere.",
    );
  }
  try {
    appendFileSync(file, text);
  } catch (cause) {
    throw new Agent33Error("cli.unwritable", `${file} cannot be written: ${messageOf(cause)}`, {
      hint: "Give a file in a folder that is there and that you may write to.",
      cause,
    });
  }
}
