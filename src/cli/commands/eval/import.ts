import type { Command } from "commander";
import { type Imported, importEvaluation, strictReport } from "../../../engine/evaluation.ts";
import { type CliContext, type CommonOptions, outputOf } from "../../context.ts";
import { oneLine } from "../../output.ts";
import { writeResult } from "../policy/files.ts";

interface Options extends CommonOptions {
  readonly output?: string;
}

export function importCommand(evaluation: Command, context: CliContext): void {
  evaluation
    .command("import")
    .description("read a report of tests (CTRF, JUnit) or a trajectory (ATIF) of another program")
    .argument("<file>", "the file; its content says what it is")
    .option("--output <file>", "write it as CTRF or ATIF that holds to its schema")
    .option("--json", "results as JSON for programs")
    .action(async (file: string, options: Options) => {
      const output = outputOf(context, options);
      const imported = await importEvaluation(context.host, file);
      const strict = imported.kind === "atif" ? imported.trajectory : strictReport(imported.report);
      if (options.output !== undefined) writeResult(context, options.output, strict);
      output.out(output.json ? JSON.stringify(strict) : summaryOf(imported));
    });
}

function summaryOf(imported: Imported): string {
  if (imported.kind === "atif") {
    const { schema_version: version, agent, steps } = imported.trajectory;
    return `${version}: ${oneLine(agent.name, 80)} ${oneLine(agent.version, 40)}, ${steps.length} steps`;
  }
  const { tool, tests, notices } = imported.report;
  const counts = Map.groupBy(tests, ({ status }) => status);
  const ends = [...counts].map(([status, some]) => `${some.length} ${status}`).join(", ");
  const all = tests.length === 1 ? "1 test" : `${tests.length} tests`;
  return [
    `${imported.kind}: ${oneLine(tool.name, 80)}, ${all}${ends === "" ? "" : `: ${ends}`}`,
    ...notices.map((notice) => `note: ${oneLine(notice, 200)}`),
  ].join("\n");
}
