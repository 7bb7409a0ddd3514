import type { Command } from "commander";
import {
  type Baseline,
  baselineOf,
  baselinesIn,
  keepBaseline,
} from "../../../engine/gate-regressions.ts";
import { addCommonOptions, type CliContext, type CommonOptions, outputOf } from "../../context.ts";
import { columns } from "../../output.ts";
import { someText } from "../../usage.ts";

interface Options extends CommonOptions {
  readonly branch?: string;
  readonly jobs?: string;
}

export function baselineCommand(group: Command, context: CliContext): void {
  const baseline = group.command("baseline").description("what a branch could do, to compare with");
  addCommonOptions(baseline.command("save"))
    .description("keep what a finished job came to as its branch's baseline")
    .argument("<job>", "the job's folder")
    .option("--branch <name>", "the branch (what git has checked out here)", someText("--branch"))
    .action(async (job: string, options: Options) => {
      const kept = await keepBaseline(context.host, job, options.branch);
      tell(context, options, kept, `Kept as the baseline of ${kept.branch}.\n${textOf(kept)}`);
    });
  withJobs(baseline.command("list"))
    .description("the baselines of a folder of jobs")
    .action((options: Options) => {
      const all = baselinesIn(context.host, options.jobs ?? "jobs");
      const rows = all.map(({ branch, savedAt, job, commit }) => [
        branch,
        new Date(savedAt).toISOString(),
        job.name,
        commit?.slice(0, 12) ?? "",
      ]);
      const text = all.length === 0 ? "There is no baseline." : columns(rows);
      tell(context, options, all, text);
    });
  withJobs(baseline.command("show"))
    .description("the newest baseline of a branch")
    .argument("<branch>")
    .action((branch: string, options: Options) => {
      const one = baselineOf(context.host, options.jobs ?? "jobs", branch);
      tell(context, options, one, textOf(one));
    });
}

function withJobs(command: Command): Command {
  return addCommonOptions(command).option(
    "--jobs <folder>",
    "the folder of all jobs (jobs)",
    someText("--jobs"),
  );
}

function textOf({ arms }: Baseline): string {
  return columns(
    arms.flatMap(({ name, tasks }) =>
      tasks.map(({ task, passes, trials }) => [name, task, `${passes} of ${trials} passed`]),
    ),
  );
}

function tell(context: CliContext, options: Options, data: unknown, text: string): void {
  const output = outputOf(context, options);
  output.out(output.json ? JSON.stringify(data) : text);
}
