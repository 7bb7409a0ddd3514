import { Command, CommanderError } from "commander";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
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
    const program = await createProgram(context, words);
    await program.parseAsync([...words], { from: "user" });
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

type AddCommand = (program: Command, context: CliContext) => void;

/** All commands, one file each, in the order of the help. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  run: async () => (await import("./commands/run.ts")).runCommand,
  invoke: async () => (await import("./commands/invoke.ts")).invokeCommand,
  runs: async () => (await import("./commands/runs.ts")).runsCommand,
  resume: async () => (await import("./commands/resume.ts")).resumeCommand,
  replay: async () => (await import("./commands/replay.ts")).replayCommand,
  agents: async () => (await import("./commands/agents.ts")).agentsCommand,
  work: async () => (await import("./commands/work.ts")).workCommand,
  serve: async () => (await import("./commands/serve.ts")).serveCommand,
  keys: async () => (await import("./commands/keys.ts")).keysCommand,
  alerts: async () => (await import("./commands/alerts/alerts.ts")).alertsCommand,
  secrets: async () => (await import("./commands/secrets.ts")).secretsCommand,
  approvals: async () => (await import("./commands/approvals.ts")).approvalsCommand,
  audit: async () => (await import("./commands/audit.ts")).auditCommand,
  budgets: async () => (await import("./commands/budgets.ts")).budgetsCommand,
  connectors: async () => (await import("./commands/connectors/connectors.ts")).connectorsCommand,
  learn: async () => (await import("./commands/learn/learn.ts")).learnCommand,
  mcp: async () => (await import("./commands/mcp.ts")).mcpCommand,
  metrics: async () => (await import("./commands/metrics.ts")).metricsCommand,
  models: async () => (await import("./commands/models.ts")).modelsCommand,
  policy: async () => (await import("./commands/policy/policy.ts")).policyCommand,
  eval: async () => (await import("./commands/eval/eval.ts")).evalCommand,
  gate: async () => (await import("./commands/gate/gate.ts")).gateCommand,
  release: async () => (await import("./commands/release/release.ts")).releaseCommand,
  skills: async () => (await import("./commands/skills/skills.ts")).skillsCommand,
  store: async () => (await import("./commands/store.ts")).storeCommand,
  config: async () => (await import("./commands/config.ts")).configCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
};

/**
 * The command that the words begin with, or all of them where they begin with none: what others
 * need is not loaded, since that is most of the time until a command answers.
 */
export async function createProgram(
  context: CliContext,
  [word = ""]: readonly string[] = [],
): Promise<Command> {
  const program = new Command("agent33")
    .description("An agent engine whose every outbound call goes through one governed door.")
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: context.write,
      // Errors are shown once, by `main`, in the form that all errors have.
      writeErr: () => undefined,
    });
  const known = Object.hasOwn(commands, word) ? commands[word] : undefined;
  const wanted = known === undefined ? Object.values(commands) : [known];
  for (const add of await Promise.all(wanted.map((load) => load()))) add(program, context);
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
