import type { Command } from "commander";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { addJobOptions, driveAndReport, type JobOptions } from "./job-options.ts";

interface Options extends JobOptions {
  readonly errors?: boolean;
}

export function resumeCommand(evaluation: Command, context: CliContext): void {
  const command = addCommonOptions(evaluation.command("resume"))
    .description("go on with a job that was stopped or killed: what has its result is left alone")
    .argument("<job>", "the job's folder")
    .option("--errors", "also begin anew what ended without a verdict");
  addJobOptions(command).action((job: string, options: Options) =>
    driveAndReport(context, options, ({ jobs }, watch) =>
      jobs.resume(
        {
          job,
          retryErrors: options.errors === true,
          ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
        },
        watch,
      ),
    ),
  );
}
