import type { Command } from "commander";
import { type Effort, efforts } from "../base/effect.ts";
import { Agent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { RunRequest } from "../engine/create-run.ts";
import { type CliContext, type CommonOptions, configOf } from "./context.ts";
import { collect, type NamedValue, namedValue, usageError, wholeNumber } from "./usage.ts";

/** What every command that starts a run takes. */
export interface RunOptions extends CommonOptions {
  readonly model?: string;
  readonly baseUrl?: string;
  readonly effort?: string;
  readonly domain?: string;
  readonly escalation?: boolean;
  readonly mcp: readonly string[];
  readonly mcpHosts?: readonly NamedValue[];
  readonly mcpUnconfined?: readonly string[];
  readonly workspace?: string;
  readonly shell?: boolean;
  readonly matchSkills?: number;
  readonly check?: readonly string[];
  readonly judge?: true | string;
  readonly policy?: readonly string[];
  readonly maxSteps?: number;
  readonly maxSeconds?: number;
  readonly maxCostUsd?: number;
  readonly queue?: boolean;
}

export function addRunOptions(command: Command): Command {
  return command
    .option(
      "--model <provider:model>",
      "anthropic:…, openai:…, google:…, openai-compatible:…, scripted:FILE, replay:RUN",
    )
    .option("--base-url <url>", "address of an OpenAI-compatible server, with its /v1")
    .option("--effort <tier>", `how hard to think: ${efforts.join(", ")}`)
    .option("--domain <name>", "what the work is about, where the settings route by domain")
    .option("--no-escalation", "never try again one tier up, whatever the settings say")
    .option(
      "--mcp <server>",
      "command line or address of an MCP server whose tools the agent gets; may be repeated",
      collect,
      [],
    )
    .option(
      "--mcp-hosts <name=host,host>",
      "hosts that a server of --mcp or of the task talks to; without any it has no network",
      namedValue("--mcp-hosts", "tickets=api.example.org"),
    )
    .option(
      "--mcp-unconfined <name>",
      "a server of --mcp or of the task that runs outside of the sandbox; may be repeated",
      collect,
    )
    .option("--workspace <folder>", "folder that the built-in file tools may write in")
    .option("--shell", "let the agent run commands in the sandbox, in the workspace")
    .option(
      "--match-skills <n>",
      "give the agent at most so many skills, those that fit its task",
      wholeNumber("--match-skills"),
    )
    .option(
      "--check <command>",
      "command that must pass in the workspace before the work counts as done; may be repeated",
      collect,
    )
    .option("--judge [criteria]", "also ask the model whether the work meets its criteria")
    .option("--policy <pack>", "policy pack in force; may be repeated", collect)
    .option("--max-steps <n>", "model turns at most", wholeNumber("--max-steps"))
    .option("--max-seconds <n>", "seconds of work at most", wholeNumber("--max-seconds"))
    .option("--max-cost-usd <amount>", "dollars at most", dollars)
    .option("--queue", "only write the run down and print its id; `agent33 work` drives it");
}

/** The settings with what the command line says of them. */
export function runConfigOf(context: CliContext, options: RunOptions): Config {
  const { maxCostUsd } = options;
  const maxCostMicroUsd = maxCostUsd === undefined ? undefined : Math.round(maxCostUsd * 1_000_000);
  return configOf(context, options, [
    { setting: "baseUrl", flag: "--base-url", value: options.baseUrl },
    { setting: "policy.packs", flag: "--policy", value: options.policy },
    { setting: "limits.maxSteps", flag: "--max-steps", value: options.maxSteps },
    { setting: "limits.maxSeconds", flag: "--max-seconds", value: options.maxSeconds },
    { setting: "limits.maxCostMicroUsd", flag: "--max-cost-usd", value: maxCostMicroUsd },
  ]);
}

/** The part of a request that is the same whatever the agent is to do. */
export function runRequestOf(options: RunOptions): Omit<RunRequest, "task"> {
  return {
    model: options.model,
    effort: effortOf(options.effort),
    domain: options.domain,
    escalates: options.escalation !== false,
    mcpCommands: options.mcp,
    mcpHosts: hostsOf(options.mcpHosts ?? []),
    mcpUnconfined: options.mcpUnconfined ?? [],
    shell: options.shell === true,
    queued: options.queue === true,
    matchSkills: options.matchSkills,
    ...(options.check === undefined ? {} : { checks: options.check }),
    ...(options.judge === undefined ? {} : { judge: options.judge }),
  };
}

/** @throws Agent33Error `cli.usage` for an option that is given and says nothing */
export function refuseEmpty(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!texts.some((text) => typeof text === "string" && text.trim() === "")) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw usageError(`${flag} is empty.`, "Give it a value or leave it out.");
  }
}

function hostsOf(given: readonly NamedValue[]): NonNullable<RunRequest["mcpHosts"]> {
  return Object.fromEntries(
    given.map(({ name, value }) => {
      const hosts = value.split(",").map((host) => host.trim());
      if (!hosts.includes("")) return [name, hosts];
      throw usageError(
        `--mcp-hosts names no host in "${name}=${value}".`,
        `For example --mcp-hosts ${name}=api.example.org`,
      );
    }),
  );
}

function effortOf(name: string | undefined): Effort | undefined {
  if (name === undefined) return undefined;
  const known = efforts.find((effort) => effort === name);
  if (known !== undefined) return known;
  throw new Agent33Error("cli.usage", `"${name}" is not an effort.`, {
    hint: `Write one of ${efforts.join(", ")}.`,
  });
}

function dollars(text: string): number {
  const amount = Number(text);
  if (text.trim() !== "" && Number.isFinite(amount) && amount > 0) return amount;
  throw usageError(
    `--max-cost-usd takes an amount above 0, not "${text}".`,
    "For example --max-cost-usd 0.50",
  );
}
