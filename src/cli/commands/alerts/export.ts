import { join, resolve } from "node:path";
import type { Command } from "commander";
import { mkdirSync, writeFileSync } from "node:fs";
import { Agent33Error, messageOf } from "../../../base/errors.ts";
import { alertFiles } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { showResult } from "../../page.ts";

interface Options extends CommonOptions {
  readonly to: string;
}

export function exportCommand(alerts: Command, context: CliContext): void {
  addCommonOptions(alerts.command("export"))
    .description("write the same rules for Prometheus, and routes by owner for Alertmanager")
    .option("--to <folder>", "where rules.yml and alertmanager.yml are written", ".")
    .action((options: Options) => exportFiles(context, options));
}

function exportFiles(context: CliContext, options: Options): void {
  const files = alertFiles(configOf(context, options).settings);
  const folder = resolve(context.host.cwd, options.to);
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(folder, name);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, text);
    } catch (cause) {
      throw new Agent33Error("cli.unwritable", `${path} cannot be written: ${messageOf(cause)}`, {
        hint: "Name another folder with --to.",
        cause,
      });
    }
    return path;
  });
  showResult(outputOf(context, options), { files: paths }, () => paths.join("\n"));
}
