import type { Command } from "commander";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { showResult } from "../page.ts";
import { lineageText } from "../render-lineage.ts";
import { usageError } from "../usage.ts";

interface Options extends CommonOptions {
  readonly call?: string;
}

/** `runs lineage`: of a run, or of one of its calls. */
export function lineageCommand(runs: Command, context: CliContext): void {
  addCommonOptions(runs.command("lineage"))
    .description("what led to a run, and what came of it; with --call of one of its calls")
    .argument("<run>", "the run's id, or its beginning")
    .option("--call <id>", "one of its calls, by its id in the audit or the beginning of that")
    .action(async (prefix: string, { call, ...options }: Options) => {
      const output = outputOf(context, options);
      await withEngine(context, configOf(context, options), async ({ lineage, store }) => {
        const run = store.runs.find(prefix).id;
        const found = await (call === undefined ? lineage.ofRun(run) : lineage.ofCall(call));
        if (found.run !== run) {
          throw usageError(
            `The call "${call}" is not one of run ${run}.`,
            `agent33 audit lineage ${call}`,
          );
        }
        showResult(output, found, () => lineageText(found));
      });
    });
}
