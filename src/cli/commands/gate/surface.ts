import type { Command } from "commander";
import {
  openSurface,
  type ProbeVerdict,
  renderSurface,
  runSurface,
  type SurfaceReport,
  surfaceFile,
  usualParallel,
} from "../../../engine/capability-surface.ts";
import { type CliContext, outputOf } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { oneLine } from "../../output.ts";
import { someText, wholeNumber } from "../../usage.ts";
import { tellSummary } from "../eval/report-options.ts";
import { writeResult } from "../policy/files.ts";
import { untilInterrupted } from "./interrupt.ts";

interface Options {
  readonly file?: string;
  readonly parallel?: number;
  readonly sabotaged?: boolean;
  readonly markdown?: string;
  readonly ctrf?: string;
  readonly json?: boolean;
}

export function surfaceCommand(group: Command, context: CliContext): void {
  group
    .command("surface")
    .description("run the probes of what must exist and work")
    .argument("[probe...]", "only these, by their ids")
    .option("--file <file>", `the surface file (${surfaceFile})`, someText("--file"))
    .option("--parallel <n>", `probes at once (${usualParallel})`, wholeNumber("--parallel", 1_000))
    .option("--sabotaged", "spoil what each looks at: a probe that holds all the same is missed")
    .option("--markdown <file>", "also write the report as Markdown")
    .option("--ctrf <file>", "also write the report as CTRF")
    .option("--json", "results as JSON for programs")
    .action(async (names: readonly string[], options: Options) => {
      const output = outputOf(context, options);
      const open = openSurface(context.host, options.file ?? surfaceFile);
      const report = await untilInterrupted(context, output, (signal) =>
        runSurface(context.host, open, {
          names,
          mode: options.sabotaged === true ? "sabotaged" : "promised",
          ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
          signal,
          onEnd: (verdict) => output.err(lineOf(verdict)),
        }),
      );
      if (report !== undefined) tell(context, options, report);
    });
}

/** What a person reads when a probe has ended. */
export function lineOf({ id, outcome, durationMs, problems }: ProbeVerdict): string {
  const took = `${(durationMs / 1_000).toFixed(1)} s`;
  if (outcome === "met") return `ok ${id} (${took})`;
  return `MISSED ${id} (${took}): ${oneLine(problems.join("; "), 300)}`;
}

function tell(context: CliContext, options: Options, report: SurfaceReport): void {
  const output = outputOf(context, options);
  const markdown = renderSurface(report, "markdown");
  if (options.markdown !== undefined) writeResult(context, options.markdown, markdown);
  if (options.ctrf !== undefined) {
    writeResult(context, options.ctrf, renderSurface(report, "ctrf"));
  }
  tellSummary(context, markdown);
  output.out(output.json ? JSON.stringify({ kind: "surface", ...report }) : markdown.trimEnd());
  context.exit(report.outcome === "failed" ? exitCodes.refuted : exitCodes.ok);
}
