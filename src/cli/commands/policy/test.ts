import type { Command } from "commander";
import { ctrfReport } from "../../../base/ctrf.ts";
import { type PolicyTestReport, testPolicy } from "../../../engine.ts";
import { addCommonOptions, type CliContext, configOf, outputOf } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import type { Output } from "../../output.ts";
import { packageVersion } from "../../../base/version.ts";
import { shownPlace, writeResult } from "./files.ts";

interface Options {
  readonly ctrf?: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function testCommand(policy: Command, context: CliContext): void {
  addCommonOptions(policy.command("test"))
    .description("whether policies decide as files of cases say; ends with 1 where one does not")
    .argument("<files...>", "YAML files of calls, each with the effect and the rule to expect")
    .option("--ctrf <file>", "also write the results in the Common Test Report Format")
    .action((files: readonly string[], options: Options) => {
      const output = outputOf(context, options);
      const report = testPolicy(configOf(context, options), context.host, files);
      if (options.ctrf !== undefined) writeResult(context, options.ctrf, ctrfOf(report));
      const passed = report.cases.every((one) => one.passed);
      context.exit(passed ? exitCodes.ok : exitCodes.failed);
      output.out(output.json ? JSON.stringify(report) : testText(report, output, context.host.cwd));
    });
}

function ctrfOf({ cases, start, stop }: PolicyTestReport) {
  const tests = cases.map(
    ({ name, at, passed, message, durationMs }) =>
      ({
        name,
        status: passed ? "passed" : "failed",
        durationMs,
        file: at.file,
        line: at.line,
        ...(message === undefined ? {} : { message }),
      }) as const,
  );
  return ctrfReport({
    tool: { name: "agent33 policy test", version: packageVersion() },
    tests,
    start,
    stop,
  });
}

function testText({ cases }: PolicyTestReport, { style }: Output, cwd: string): string {
  const failed = cases.filter((one) => !one.passed);
  const lines = failed.flatMap(({ name, at, message = "" }) => [
    `${shownPlace(at, cwd)}: ${style.red("failed")} ${style.bold(name)}`,
    `  ${message}`,
  ]);
  const all = cases.length === 1 ? "1 case" : `${cases.length} cases`;
  return [...lines, `${all}, ${cases.length - failed.length} passed, ${failed.length} failed`].join(
    "\n",
  );
}
