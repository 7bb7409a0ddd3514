import type { Command } from "commander";
import { createEngine, examineMachine } from "../../engine.ts";
import { addCommonOptions, type CliContext, configOf, outputOf } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";

const marks = { ok: "✓", warn: "!", fail: "✗" } as const;

export function doctorCommand(program: Command, context: CliContext): void {
  addCommonOptions(program.command("doctor"))
    .description("what works on this machine, and what to do about what does not")
    .action(
      async (options: {
        readonly data?: string;
        readonly config?: string;
        readonly json?: boolean;
      }) => {
        const output = outputOf(context, options);
        const config = configOf(context, options);
        const findings = await examineMachine(config, context.host, () =>
          createEngine(config, context.host),
        );
        const failed = findings.some((finding) => finding.state === "fail");
        context.exit(failed ? exitCodes.failed : exitCodes.ok);
        if (output.json) {
          output.out(JSON.stringify({ ok: !failed, findings }));
          return;
        }
        const { green, yellow, red, dim, bold } = output.style;
        const paint = { ok: green, warn: yellow, fail: red };
        for (const { what, state, detail, fix } of findings) {
          output.out(`${paint[state](marks[state])} ${bold(what)}  ${detail}`);
          if (fix !== undefined) output.out(`    ${dim("→")} ${fix}`);
        }
        output.out(
          failed
            ? "\nSomething that AGENT-33 needs does not work."
            : "\nAGENT-33 can run here. Lines with ! name what is not available.",
        );
      },
    );
}
