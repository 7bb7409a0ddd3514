import type { Command } from "commander";
import { trajectoryOf } from "../../../engine/trajectory.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { writeResult } from "../policy/files.ts";

interface Options extends CommonOptions {
  readonly output?: string;
}

export function trajectoryCommand(evaluation: Command, context: CliContext): void {
  addCommonOptions(evaluation.command("trajectory"))
    .description("a run's log as a trajectory in the format that others read (ATIF v1.7)")
    .argument("<run>", "the run's id or its beginning")
    .option("--output <file>", "write it to a file")
    .action(async (prefix: string, options: Options) => {
      await withEngine(context, configOf(context, options), async ({ store }) => {
        const trajectory = trajectoryOf(store.runLog.read(store.runs.find(prefix).id));
        if (options.output !== undefined) writeResult(context, options.output, trajectory);
        else outputOf(context, { ...options, json: true }).out(JSON.stringify(trajectory, null, 2));
      });
    });
}
