import type { Command } from "commander";
import { type Config, type FlagSetting, loadConfig } from "../config/config.ts";
import { applyEgressGuard, type Engine, openEngine } from "../engine.ts";
import type { Host } from "../engine/host.ts";
import { createStyle, type Output, printable } from "./output.ts";
import type { Prompts } from "./prompts.ts";
import { shellWord } from "./usage.ts";

/** What every command gets: the machine, and where to write. */
export interface CliContext {
  readonly host: Host;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Whether a person sees the output on a terminal that shows colours. */
  readonly colours: boolean;
  readonly columns: number;
  /** `agent33`, or what stands for it in a checkout. */
  readonly program: string;
  /** Registers what a Ctrl-C does; returns the function that takes it back. */
  readonly onInterrupt: (handler: () => void) => () => void;
  /**
   * Hands out each line that is typed while a command works; absent where nobody sits there to
   * type. Returns the function that ends it.
   */
  readonly onLine?: ((handler: (line: string) => void) => () => void) | undefined;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  readonly prompts?: Prompts | undefined;
  /** Sets the program's exit code. */
  readonly exit: (code: number) => void;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function addCommonOptions(command: Command): Command {
  return command
    .option("--data <folder>", "folder of the store and the runs' files")
    .option("--config <file>", "settings file instead of agent33.config.yaml in this folder")
    .option("--json", "results as JSON for programs");
}

export function outputOf(context: CliContext, options: CommonOptions): Output {
  const json = options.json === true;
  return {
    out: (text) => context.write(`${json ? text : printable(text)}\n`),
    err: (text) => context.writeError(`${json ? text : printable(text)}\n`),
    json,
    style: createStyle(context.colours && !json),
    width: context.columns,
    program: context.program,
    sameStore: flagsOf(options),
  };
}

function flagsOf({ data, config }: CommonOptions): string {
  return [
    data === undefined ? "" : ` --data ${shellWord(data)}`,
    config === undefined ? "" : ` --config ${shellWord(config)}`,
  ].join("");
}

/** The settings for one command: file, environment, then its flags. */
export function configOf(
  context: CliContext,
  options: CommonOptions,
  flags: readonly FlagSetting[] = [],
): Config {
  const config = loadConfig({
    cwd: context.host.cwd,
    env: context.host.env,
    flags: [{ setting: "data", flag: "--data", value: options.data }, ...flags],
    ...(options.config === undefined ? {} : { file: options.config }),
  });
  applyEgressGuard(config.settings);
  return config;
}

/** Opens the engine for as long as a function needs it. */
export async function withEngine<T>(
  context: CliContext,
  config: Config,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await openEngine(config, context.host, ({ from, to, backup }) =>
    context.writeError(
      `The store was brought from schema ${from} to ${to}; the old one is kept as ${backup?.path ?? "?"}\n`,
    ),
  );
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}
