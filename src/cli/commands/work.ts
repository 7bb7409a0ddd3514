import type { Command } from "commander";
import type { WorkNews } from "../../engine/runs.ts";
import { addCommonOptions, type CliContext, configOf, outputOf, withEngine } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { wholeNumber } from "../usage.ts";

interface WorkOptions {
  readonly concurrency: number;
  readonly untilIdle?: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function workCommand(program: Command, context: CliContext): void {
  addCommonOptions(program.command("work"))
    .description("drive runs that are ready: queued ones, answered ones, those of dead processes")
    .option("--concurrency <n>", "runs at once", wholeNumber("--concurrency"), 4)
    .option("--until-idle", "end when nothing is left to do, instead of waiting for more")
    .action((options: WorkOptions) => work(context, options));
}

async function work(context: CliContext, options: WorkOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async (engine) => {
    const stop = new AbortController();
    const restore = context.onInterrupt(() => {
      // Children are ended by the sandbox's exit guard.
      if (stop.signal.aborted) process.exit(exitCodes.cancelled);
      output.err("letting go of the runs in hand; once more ends at once");
      stop.abort();
    });
    const { dataDir } = engine;
    output.out(
      output.json
        ? JSON.stringify({ kind: "ready", dataDir })
        : `working on the runs in ${dataDir}`,
    );
    engine.alerts.start();
    try {
      await engine.runs.work({
        signal: stop.signal,
        concurrency: options.concurrency,
        untilIdle: options.untilIdle === true,
        told: (news) => tell(output, news),
      });
    } finally {
      restore();
    }
  });
}

function tell(output: Output, news: WorkNews): void {
  const why = "error" in news && news.error !== undefined ? news.error : undefined;
  if (output.json) {
    output.out(JSON.stringify({ ...news, ...(why === undefined ? {} : { error: why.toJSON() }) }));
    return;
  }
  const words = { taken: "taken up", "let go": "let go of", ended: "" }[news.kind];
  const outcome = news.kind === "ended" ? news.outcome : words;
  output.out(`${news.runId} ${outcome}${why === undefined ? "" : `: ${why.code}: ${why.message}`}`);
}
