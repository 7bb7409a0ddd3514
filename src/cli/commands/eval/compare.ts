import type { Command } from "commander";
import { compareFolders } from "../../../engine/evaluation.ts";
import type { CliContext } from "../../context.ts";
import {
  addReportOptions,
  type ReportOptions,
  suiteOptionsOf,
  writeReport,
} from "./report-options.ts";

interface Options extends ReportOptions {
  readonly first?: string;
  readonly second?: string;
}

export function compareCommand(evaluation: Command, context: CliContext): void {
  addReportOptions(evaluation.command("compare"))
    .description("two conditions task by task: the difference, how sure it is, and who was hurt")
    .argument("<a>", "folder of the trials that are compared with")
    .argument("<b>", "folder of the trials that are compared")
    .option("--first <condition>", "which condition of the first folder, by a part of its name")
    .option("--second <condition>", "which condition of the second folder")
    .action(async (a: string, b: string, options: Options) => {
      const report = await compareFolders(
        context.host,
        { folder: a, condition: options.first },
        { folder: b, condition: options.second },
        suiteOptionsOf(options),
      );
      writeReport(context, options, report);
    });
}
