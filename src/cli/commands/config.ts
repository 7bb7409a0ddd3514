import type { Command } from "commander";
import { addCommonOptions, type CliContext, configOf, outputOf } from "../context.ts";
import { columns, oneLine } from "../output.ts";

export function configCommand(program: Command, context: CliContext): void {
  const config = program.command("config").description("look at the settings");
  addCommonOptions(config.command("explain"))
    .description("each setting, its value and where it came from")
    .action(
      (options: { readonly data?: string; readonly config?: string; readonly json?: boolean }) => {
        const output = outputOf(context, options);
        const loaded = configOf(context, options);
        const explained = loaded.explain();
        if (output.json) {
          output.out(JSON.stringify({ file: loaded.file ?? null, settings: explained }));
          return;
        }
        output.out(
          loaded.file === undefined
            ? "No settings file was read."
            : `Settings file: ${loaded.file}`,
        );
        const rows = explained.map((setting) => [
          setting.name,
          setting.value === null ? "(not set)" : oneLine(JSON.stringify(setting.value), 48),
          `${setting.origin.layer} (${setting.origin.name})`,
          setting.environmentName,
          setting.description,
        ]);
        output.out(columns([["SETTING", "VALUE", "FROM", "VARIABLE", "MEANING"], ...rows]));
      },
    );
}
