import type { Command } from "commander";
import { formatMicroUsd } from "../../base/money.ts";
import { handoffText } from "../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { replayedBy } from "../../engine/create-replay.ts";
import type { Run } from "../../engine/runs.ts";
import { watcher } from "../follow.ts";
import { columns, oneLine } from "../output.ts";
import { damagedLines } from "../page.ts";
import { wholeNumber } from "../usage.ts";
import { lineageCommand } from "./lineage.ts";
import { sendCommand } from "./send.ts";
import { traceCommand } from "./trace.ts";

interface ListOptions {
  readonly limit: number;
  readonly cursor?: string;
  readonly data?: string;
  readonly json?: boolean;
}

export function runsCommand(program: Command, context: CliContext): void {
  const runs = program.command("runs").description("look at runs, speak to them");
  addCommonOptions(runs.command("list"))
    .description("runs, newest first")
    .option("--limit <n>", "how many", wholeNumber("--limit"), 20)
    .option("--cursor <cursor>", "go on from here")
    .action((options: ListOptions) => list(context, options));
  addCommonOptions(runs.command("show"))
    .description("a run's log, event by event")
    .argument("<run>", "the run's id, or its beginning")
    .action((prefix: string, options: { readonly data?: string; readonly json?: boolean }) =>
      show(context, prefix, options),
    );
  addCommonOptions(runs.command("handoff"))
    .description("what a run leaves to whoever goes on with its work")
    .argument("<run>", "the run's id, or its beginning")
    .action((prefix: string, options: CommonOptions) => handoff(context, prefix, options));
  lineageCommand(runs, context);
  traceCommand(runs, context);
  sendCommand(runs, context);
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ runs, store }) => {
    const listed = store.runs.list({
      limit: options.limit,
      ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
    });
    const items = listed.items.map((run) => ({ ...run, state: runs.stateOf(run) }));
    const page = { ...listed, items };
    if (output.json) {
      output.out(JSON.stringify(page));
      return;
    }
    const damaged = damagedLines(page);
    if (page.items.length === 0 && damaged === "") {
      output.out('There are no runs yet. Start one: agent33 run "TEXT"');
      return;
    }
    const rows = page.items.map((run) => [
      run.id,
      new Date(run.startedAt).toISOString().slice(0, 19).replace("T", " "),
      replayedBy(run) === undefined || run.outcome === null ? (run.outcome ?? run.state) : "replay",
      `${formatMicroUsd(run.costMicroUsd)}${run.unpricedCalls === 0 ? "" : "+?"}`,
      oneLine(run.model, 40),
      oneLine(taskOf(run), 60),
    ]);
    output.out(
      damaged + columns([["RUN", "STARTED (UTC)", "OUTCOME", "COST", "MODEL", "TASK"], ...rows]),
    );
    if (page.nextCursor !== null)
      output.out(
        `more: ${output.program} runs list --limit ${options.limit} --cursor ${page.nextCursor}${output.sameStore}`,
      );
  });
}

/** A replay must not be taken for the run that it replays. */
function taskOf(run: Pick<Run, "spec" | "task">): string {
  const of = replayedBy(run);
  return of === undefined ? run.task : `replay of ${of.slice(0, 13)}: ${run.task}`;
}

async function show(
  context: CliContext,
  prefix: string,
  options: { readonly data?: string; readonly json?: boolean },
): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ runs, store }) => {
    const run = store.runs.find(prefix);
    const watch = watcher(output);
    for (const event of store.runLog.read(run.id)) watch(event);
    if (output.json || runs.stateOf(run) !== "queued") return;
    const { out, program, sameStore } = output;
    out(`\nqueued: nothing works on it; ${program} work${sameStore} takes it up`);
  });
}

async function handoff(context: CliContext, prefix: string, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async (engine) => {
    const left = await engine.runs.handoff(prefix);
    output.out(output.json ? JSON.stringify(left) : handoffText(left));
  });
}
