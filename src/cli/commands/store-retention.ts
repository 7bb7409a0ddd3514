import type { Command } from "commander";
import type { RetentionReport } from "../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { columns, oneLine } from "../output.ts";
import { showResult } from "../page.ts";
import { entries } from "../text.ts";

interface Options extends CommonOptions {
  readonly dryRun?: boolean;
}

/** `store retention`: removes what is older than the settings say. */
export function retentionCommand(store: Command, context: CliContext): void {
  addCommonOptions(store.command("retention"))
    .description("remove what is older than the settings under retention say")
    .option("--dry-run", "say what would be removed, and remove nothing")
    .action(async ({ dryRun = false, ...options }: Options) => {
      const output = outputOf(context, options);
      await withEngine(context, configOf(context, options), async ({ retention }) => {
        const report = await retention.apply({ dryRun });
        showResult(output, report, () => retentionText(report));
      });
    });
}

const units = {
  audit: "records",
  runs: "runs",
  telemetry: "files",
  alerts: "lines of history",
  evaluations: "jobs",
} as const;

function retentionText({ dryRun, classes }: RetentionReport): string {
  const rows = classes.map(({ class: name, days, removed }) => [
    name,
    days === "keep" ? "all" : `${days} days`,
    days === "keep" ? "-" : `${removed} ${units[name]}`,
  ]);
  const table = columns([["CLASS", "KEPT", dryRun ? "WOULD GO" : "REMOVED"], ...rows]);
  const kept = classes.flatMap((one) => one.kept.map((line) => oneLine(line, 300)));
  const isOff = classes.every(({ days }) => days === "keep");
  const hint = isOff ? "\n\nNothing is removed: set days under retention in the settings." : "";
  return `${table}${entries("stays all the same", kept)}${hint}`;
}
