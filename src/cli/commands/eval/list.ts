import type { Command } from "commander";
import { type JobListing, listJobs, listTasks, type TaskListing } from "../../../engine.ts";
import { type CliContext, type CommonOptions, outputOf } from "../../context.ts";
import { columns, oneLine, type Output } from "../../output.ts";

export function listCommand(evaluation: Command, context: CliContext): void {
  evaluation
    .command("list")
    .description("the tasks of a folder, or the jobs of one and how far they are")
    .argument("[folder]", "a folder of tasks or of jobs, or one of these", "jobs")
    .option("--json", "results as JSON for programs")
    .action(async (folder: string, options: CommonOptions) => {
      const output = outputOf(context, options);
      const jobs = await listJobs(context.host, folder);
      if (jobs.length > 0 || folder === "jobs") showJobs(output, jobs);
      else showTasks(output, await listTasks(context.host, folder));
    });
}

function showJobs(output: Output, jobs: readonly JobListing[]): void {
  if (output.json) {
    output.out(JSON.stringify({ jobs }));
    return;
  }
  if (jobs.length === 0) {
    output.out("There are no jobs. `agent33 eval run` makes them.");
    return;
  }
  output.out(
    columns([
      ["job", "state", "done", "passed", "no verdict", "tasks", "environment"],
      ...jobs.map(({ config, tasks, trials, done, passed, errors, begun }) => [
        oneLine(config.name, 60),
        done === trials ? "done" : begun > 0 ? "begun" : "open",
        `${done}/${trials}`,
        String(passed),
        String(errors),
        String(tasks),
        config.environment,
      ]),
    ]),
  );
}

function showTasks(output: Output, found: Awaited<ReturnType<typeof listTasks>>): void {
  if (output.json) {
    output.out(JSON.stringify(found));
    return;
  }
  output.out(
    columns([
      ["task", "digest", "steps", "agent", "verifier", "cpus", "memory", "has"],
      ...found.tasks.map(rowOf),
    ]),
  );
  for (const { name, notices } of found.tasks) {
    for (const notice of notices) output.err(`${name}: ${oneLine(notice, 300)}`);
  }
  for (const { path, error } of found.refused) {
    output.err(`${oneLine(path, 80)} is no task that can be tried: ${oneLine(error.message, 300)}`);
  }
}

function rowOf(task: TaskListing): readonly string[] {
  const { name, digest, steps, agentTimeoutMs, verifierTimeoutMs, cpus, memoryMb } = task;
  return [
    oneLine(name, 60),
    digest.slice(0, 12),
    String(steps),
    agentTimeoutMs === null ? "no limit" : `${agentTimeoutMs / 1_000} s`,
    `${verifierTimeoutMs / 1_000} s`,
    cpus === null ? "-" : String(cpus),
    memoryMb === null ? "-" : `${memoryMb} MB`,
    [task.hasSolution ? "solution" : "", task.hasSkills ? "skills" : ""]
      .filter((word) => word !== "")
      .join(", "),
  ];
}
