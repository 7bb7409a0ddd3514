import type { Command } from "commander";
import { lintPolicy, type PolicyLint, sarifReport } from "../../../engine.ts";
import { addCommonOptions, type CliContext, configOf, outputOf } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import type { Output } from "../../output.ts";
import { collect } from "../../usage.ts";
import { packageVersion } from "../../../base/version.ts";
import { shownPlace, writeResult } from "./files.ts";

interface Options {
  readonly policy?: readonly string[];
  readonly sarif?: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function lintCommand(policy: Command, context: CliContext): void {
  addCommonOptions(policy.command("lint"))
    .description("every problem of pack files at once; warns of rules that do nothing")
    .argument("[files...]", "pack files or folders; all that the settings name by default")
    .option("--policy <pack>", "policy pack that applies; may be repeated", collect)
    .option("--sarif <file>", "also write the findings as SARIF 2.1.0")
    .action((files: readonly string[], options: Options) => {
      const output = outputOf(context, options);
      const config = configOf(context, options, [
        { setting: "policy.packs", flag: "--policy", value: options.policy },
      ]);
      const report = lintPolicy(config, context.host, files);
      if (options.sarif !== undefined) {
        const sarif = sarifReport(report, { name: "agent33", version: packageVersion() });
        writeResult(context, options.sarif, sarif);
      }
      const failed = report.problems.some(({ severity }) => severity === "error");
      context.exit(failed ? exitCodes.failed : exitCodes.ok);
      output.out(output.json ? JSON.stringify(report) : lintText(report, output, context.host.cwd));
    });
}

function lintText({ problems, files, rules }: PolicyLint, output: Output, cwd: string): string {
  const { style } = output;
  const lines = problems.flatMap(({ severity, code, message, hint, at }) => {
    const mark = severity === "error" ? style.red(severity) : style.yellow(severity);
    const place = shownPlace(at, cwd);
    return [`${place}: ${mark} ${style.bold(code)}: ${message}`, `  ${style.dim("→")} ${hint}`];
  });
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const found = `${count(errors, "error")}, ${count(problems.length - errors, "warning")}`;
  return [...lines, `${found} in ${count(files, "file")} with ${count(rules, "rule")}`].join("\n");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
