import { Command, CommanderError } from "commander";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import { agentsCommand } from "./commands/agents.ts";
import { approvalsCommand } from "./commands/approvals.ts";
import { auditCommand } from "./commands/audit.ts";
import { budgetsCommand } from "./commands/budgets.ts";
import { connectorsCommand } from "./commands/connectors/connectors.ts";
import { configCommand } from "./commands/config.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { evalCommand } from "./commands/eval/eval.ts";
import { invokeCommand } from "./commands/invoke.ts";
import { keysCommand } from "./commands/keys.ts";
import { secretsCommand } from "./commands/secrets.ts";
import { learnCommand } from "./commands/learn/learn.ts";
import { mcpCommand } from "./commands/mcp.ts";
import { metricsCommand } from "./commands/metrics.ts";
import { modelsCommand } from "./commands/models.ts";
import { policyCommand } from "./commands/policy/policy.ts";
import { replayCommand } from "./commands/replay.ts";
import { resumeCommand } from "./commands/resume.ts";
import { runCommand } from "./commands/run.ts";
import { runsCommand } from "./commands/runs.ts";
import { serveCommand } from "./commands/serve.ts";
import { skillsCommand } from "./commands/skills/skills.ts";
import { storeCommand } from "./commands/store.ts";
import { workCommand } from "./commands/work.ts";
import type { CliContext } from "./context.ts";
import { exitCodeOfError, exitCodes } from "./exit-codes.ts";
import { type Machine, processMachine } from "./machine.ts";
import { createStyle, printable, showError } from "./output.ts";
import { packageVersion } from "../base/version.ts";

/**
 * The command line. Returns the exit code instead of exiting, so that everything that is open can
 * close first.
 * @param words the arguments, without the program's own name
 * @param machine what the program runs on and writes to; the real one unless a test brings another
 */
export async function main(words: readonly string[], machine?: Machine): Promise<number> {
  try {
    return await run(words, machine ?? processMachine(process.env));
  } catch (thrown) {
    // Only what keeps the program from having a place to write to gets here.
    const { code, message, hint } = toAgent33Error(thrown);
    process.stderr.write(`error ${code}: ${message}${hint === undefined ? "" : `\n  → ${hint}`}\n`);
    return exitCodes.failed;
  }
}

async function run(words: readonly string[], machine: Machine): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const context: CliContext = {
    ...machine,
    exit: (code) => {
      exitCode = code;
    },
  };
  try {
    await createProgram(context).parseAsync([...words], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok;
    const error = thrown instanceof CommanderError ? usage(thrown, words) : toAgent33Error(thrown);
    // Only what fails needs it, and no command should wait for it to be loaded.
    const { environmentSecrets } = await import("../engine/redactor.ts");
    const conceal = environmentSecrets(context.host.env).registered;
    showError(
      {
        out: (text) => context.write(`${conceal(printable(text))}\n`),
        err: (text) => context.writeError(`${conceal(printable(text))}\n`),
        json: words.includes("--json"),
        style: createStyle(context.colours),
        width: context.columns,
        program: context.program,
        sameStore: "",
      },
      error,
    );
    return exitCodeOfError(error);
  }
}

/** All commands, one file each. */
export function createProgram(context: CliContext): Command {
  const program = new Command("agent33")
    .description("An agent engine whose every outbound call goes through one governed door.")
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: context.write,
      // Errors are shown once, by `main`, in the form that all errors have.
      writeErr: () => undefined,
    });
  runCommand(program, context);
  invokeCommand(program, context);
  runsCommand(program, context);
  resumeCommand(program, context);
  replayCommand(program, context);
  agentsCommand(program, context);
  workCommand(program, context);
  serveCommand(program, context);
  keysCommand(program, context);
  secretsCommand(program, context);
  approvalsCommand(program, context);
  auditCommand(program, context);
  budgetsCommand(program, context);
  connectorsCommand(program, context);
  learnCommand(program, context);
  mcpCommand(program, context);
  metricsCommand(program, context);
  modelsCommand(program, context);
  policyCommand(program, context);
  evalCommand(program, context);
  skillsCommand(program, context);
  storeCommand(program, context);
  configCommand(program, context);
  doctorCommand(program, context);
  return program;
}

function usage(error: CommanderError, words: readonly string[]): Agent33Error {
  const [said = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const message = said.replace(/\.$/, "");
  if (error.code === "commander.help" || message === "(outputHelp)") {
    const flagAt = words.findIndex((word) => word.startsWith("-"));
    const group = flagAt === -1 ? words : words.slice(0, flagAt);
    return new Agent33Error("cli.usage", "No command was given.", {
      hint: `Run \`${["agent33", ...group, "--help"].join(" ")}\` for the commands.`,
    });
  }
  const hint =
    suggestion?.replace(/^\(|\)$/g, "") ?? "Run the command with --help to see what it takes.";
  return new Agent33Error("cli.usage", `${message.charAt(0).toUpperCase()}${message.slice(1)}.`, {
    hint,
    cause: error,
  });
}
