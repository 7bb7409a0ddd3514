import type { Command } from "commander";
import { type Engine, handoffText } from "../../engine.ts";
import type { RunRequest } from "../../engine/create-run.ts";
import { addCommonOptions, type CliContext, outputOf, withEngine } from "../context.ts";
import { leaveQueued, startAndFollow } from "../follow.ts";
import {
  addRunOptions,
  refuseEmpty,
  runConfigOf,
  type RunOptions as CommonRunOptions,
  runRequestOf,
} from "../run-options.ts";
import { usageError } from "../usage.ts";

interface RunOptions extends CommonRunOptions {
  readonly task?: string;
  readonly from?: string;
  readonly environment?: string;
  readonly agent?: string;
}

export function runCommand(program: Command, context: CliContext): void {
  const command = addCommonOptions(program.command("run"))
    .description("give an agent a task and watch it work")
    .argument("[text]", "the task in your own words")
    .option("--task <folder>", "a task folder in Harbor layout instead of a text")
    .option(
      "--environment <name>",
      "where a task folder runs: host (a scratch copy on this machine)",
    )
    .option("--from <run>", "go on with the work of another run, from what it leaves")
    .option("--agent <agent>", "agent definition: a file, a name or name@version");
  addRunOptions(command).action((text: string | undefined, options: RunOptions) =>
    run(context, text, options),
  );
}

async function run(
  context: CliContext,
  text: string | undefined,
  options: RunOptions,
): Promise<void> {
  const asked = requestOf(text, options);
  const output = outputOf(context, options);
  await withEngine(context, runConfigOf(context, options), async (engine) => {
    const request = await withHandoff(engine, asked, options.from);
    if (request.queued === true) await leaveQueued(engine, output, request);
    else await startAndFollow(context, engine, output, request);
  });
}

/** The task with what another run leaves before it. */
async function withHandoff(
  { runs }: Engine,
  request: RunRequest,
  from: string | undefined,
): Promise<RunRequest> {
  if (from === undefined || request.task.kind !== "text") return request;
  const { task } = request;
  const left = handoffText(await runs.handoff(from));
  const text = task.text === "" ? left : `${left}\n\n# What is to be done now\n${task.text}`;
  return { ...request, task: { ...task, text } };
}

function requestOf(text: string | undefined, options: RunOptions): RunRequest {
  if (options.from !== undefined && options.task !== undefined) {
    throw usageError(
      "--from does not go with --task.",
      "A task folder says itself what is to be done; go on from a run with a text, or alone.",
    );
  }
  if (options.from === undefined && (text === undefined) === (options.task === undefined)) {
    throw usageError(
      text === undefined ? "Say what to do." : "Give a text or a task folder, not both.",
      'agent33 run "TEXT" or agent33 run --task FOLDER --environment host',
    );
  }
  if (text?.trim() === "") {
    throw usageError("The task is empty.", "Give it a value or leave it out.");
  }
  refuseEmpty(options);
  const common = { ...runRequestOf(options), agent: options.agent };
  if (options.task !== undefined) {
    if (options.workspace !== undefined) {
      throw usageError(
        "--workspace does not go with --task.",
        "A task folder is copied into a scratch workspace of its own.",
      );
    }
    return {
      ...common,
      task: { kind: "folder", path: options.task, environment: options.environment },
    };
  }
  if (options.environment !== undefined) {
    throw usageError("--environment goes with --task.", "Leave it out for a task in words.");
  }
  return { ...common, task: { kind: "text", text: text ?? "", workspace: options.workspace } };
}
