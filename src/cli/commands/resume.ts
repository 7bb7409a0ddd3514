import type { Command } from "commander";
import { addCommonOptions, type CliContext, configOf, outputOf, withEngine } from "../context.ts";
import { driveAndFollow } from "../follow.ts";

export function resumeCommand(program: Command, context: CliContext): void {
  addCommonOptions(program.command("resume"))
    .description("take up a run that was parked or interrupted")
    .argument("<run>", "the run's id, or its beginning")
    .action(
      async (prefix: string, options: { readonly data?: string; readonly json?: boolean }) => {
        const output = outputOf(context, options);
        await withEngine(context, configOf(context, options), async (engine) => {
          const { id } = engine.store.runs.find(prefix);
          await driveAndFollow(context, engine, output, id, () => engine.runs.resume(id));
        });
      },
    );
}
