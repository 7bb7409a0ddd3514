import { type Command, Option } from "commander";
import { efforts } from "../../../base/effect.ts";
import {
  type AgentSpec,
  environmentKinds,
  type JobRunRequest,
  skillArms,
} from "../../../engine.ts";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { collect, numberWithin, oneWord, someText, usageError, wholeNumber } from "../../usage.ts";
import { addJobOptions, driveAndReport, type JobOptions } from "./job-options.ts";

interface Options extends JobOptions {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly agent?: readonly AgentSpec[];
  readonly command?: readonly AgentSpec[];
  readonly model?: readonly string[];
  readonly effort?: JobRunRequest["efforts"];
  readonly skills?: JobRunRequest["skills"];
  readonly trials?: number;
  readonly environment?: NonNullable<JobRunRequest["environment"]>;
  readonly jobs?: string;
  readonly job?: string;
  readonly retries?: number;
  readonly timeoutMultiplier?: number;
  readonly oracleGate?: boolean;
  readonly nopGate?: boolean;
  readonly seed?: number;
}

export function runCommand(evaluation: Command, context: CliContext): void {
  const command = addCommonOptions(evaluation.command("run"))
    .description("try tasks: every task under every condition, several times")
    .argument("<tasks...>", "folders of one task, or of several")
    .option(
      "--include <name>",
      "only tasks of this name, * for any characters (repeatable)",
      collect,
    )
    .option("--exclude <name>", "no tasks of this name (repeatable)", collect)
    .option(
      "--agent <agent>",
      "who works: oracle, nop, or an agent definition (repeatable; the settings' agent)",
      agentWord,
    )
    .option("--command <name=line>", "a program that works, by a name (repeatable)", commandWord)
    .option("--model <model>", "a model that agents work with (repeatable)", collect)
    .option("--effort <tier>", "a tier of effort (repeatable)", eachOf("--effort", efforts))
    .option(
      "--skills <arm>",
      "which skills agents get: none, own, matched or library (repeatable; none)",
      eachOf("--skills", skillArms),
    )
    .option(
      "--trials <n>",
      "of each task under each condition (1)",
      wholeNumber("--trials", 10_000),
    )
    .addOption(
      new Option("--environment <kind>", "where trials happen; host only if it is said").choices(
        environmentKinds,
      ),
    )
    .option("--jobs <folder>", "the folder of all jobs (jobs)", someText("--jobs"))
    .option("--job <name>", "the job's name (the time)", someText("--job"))
    .option(
      "--retries <n>",
      "attempts after the infrastructure failed (2)",
      count("--retries", 100),
    )
    .option(
      "--timeout-multiplier <x>",
      "makes the tasks' time limits longer or shorter",
      numberWithin("--timeout-multiplier", 0.01, 1_000),
    )
    .option("--no-oracle-gate", "do not try each task with its own solution first")
    .option("--nop-gate", "also see that each task does not pass when nobody works on it")
    .option(
      "--seed <number>",
      "seed of the figures' random draws (33)",
      count("--seed", 2 ** 32 - 1),
    );
  addJobOptions(command).action((tasks: string[], options: Options) =>
    driveAndReport(context, options, ({ jobs }, watch) =>
      jobs.run(requestOf(tasks, options), watch),
    ),
  );
}

function requestOf(tasks: readonly string[], options: Options): JobRunRequest {
  const agents = [...(options.agent ?? []), ...(options.command ?? [])];
  const { include, exclude, model, effort, skills, oracleGate, nopGate } = options;
  const { trials, environment, jobs, job, retries, timeoutMultiplier, seed, parallel } = options;
  return {
    tasks: [...tasks],
    agents: agents.length === 0 ? [{ kind: "agent33" }] : agents,
    ...given({ include, exclude, models: model, efforts: effort, skills, oracleGate, nopGate }),
    ...given({ trials, environment, jobs, job, retries, timeoutMultiplier, seed, parallel }),
  } as JobRunRequest;
}

/** What was said; what was not is as usual. */
function given(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function agentWord(text: string, earlier: readonly AgentSpec[] = []): readonly AgentSpec[] {
  const word = someText("--agent")(text);
  if (word === "oracle" || word === "nop") return [...earlier, { kind: word }];
  return [...earlier, { kind: "agent33", agent: word }];
}

function commandWord(text: string, earlier: readonly AgentSpec[] = []): readonly AgentSpec[] {
  const [, name, line] = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.*\S.*)$/s.exec(text) ?? [];
  if (name === undefined || line === undefined) {
    throw usageError(
      `--command takes a name and a command line, not "${text}".`,
      "For example --command 'claude=claude -p {instruction}'",
    );
  }
  return [...earlier, { kind: "command", name, line }];
}

function eachOf<const Word extends string>(
  flag: string,
  known: readonly Word[],
): (text: string, earlier?: readonly Word[]) => readonly Word[] {
  const word = oneWord(flag, known);
  return (text, earlier = []) => [...earlier, word(text)];
}

/** A parser for an option that takes a whole number from 0. */
function count(flag: string, most: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,10}$/.test(text.trim()) && Number(text) <= most) return Number(text);
    throw usageError(`${flag} takes a whole number from 0 to ${most}, not "${text}".`, `${flag} 2`);
  };
}
