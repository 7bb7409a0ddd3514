import type { Command } from "commander";
import { reportOnTrials } from "../../../engine/evaluation.ts";
import type { CliContext } from "../../context.ts";
import {
  addReportOptions,
  type ReportOptions,
  suiteOptionsOf,
  writeReport,
} from "./report-options.ts";

interface Options extends ReportOptions {
  readonly control?: string;
}

export function reportCommand(evaluation: Command, context: CliContext): void {
  addReportOptions(evaluation.command("report"))
    .description("what came of the trials below a folder, of this program or of Harbor")
    .argument("<folder>", "a trial, a job, or a folder of jobs")
    .option("--control <condition>", "the arm that is not expected to pass, by a part of its name")
    .action(async (folder: string, options: Options) => {
      const report = await reportOnTrials(context.host, folder, {
        ...suiteOptionsOf(options),
        control: options.control,
      });
      writeReport(context, options, report);
    });
}
