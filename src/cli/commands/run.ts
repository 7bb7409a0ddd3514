import type { Command } from "commander";
import { type Effort, efforts } from "../../base/effect.ts";
import { Agent33Error } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import type { RunRequest } from "../../engine/create-run.ts";
import { addCommonOptions, type CliContext, configOf, outputOf, withEngine } from "../context.ts";
import { driveAndFollow, watcher } from "../follow.ts";
import { collect, type NamedValue, namedValue, usageError, wholeNumber } from "../usage.ts";

interface RunOptions {
  readonly task?: string;
  readonly environment?: string;
  readonly model?: string;
  readonly baseUrl?: string;
  readonly effort?: string;
  readonly agent?: string;
  readonly mcp: readonly string[];
  readonly mcpHosts?: readonly NamedValue[];
  readonly mcpUnconfined?: readonly string[];
  readonly workspace?: string;
  readonly shell?: boolean;
  readonly queue?: boolean;
  readonly policy?: readonly string[];
  readonly maxSteps?: number;
  readonly maxSeconds?: number;
  readonly maxCostUsd?: number;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function runCommand(program: Command, context: CliContext): void {
  addCommonOptions(program.command("run"))
    .description("give an agent a task and watch it work")
    .argument("[text]", "the task in your own words")
    .option("--task <folder>", "a task folder in Harbor layout instead of a text")
    .option(
      "--environment <name>",
      "where a task folder runs: host (a scratch copy on this machine)",
    )
    .option(
      "--model <provider:model>",
      "anthropic:…, openai:…, google:…, openai-compatible:…, scripted:FILE, replay:RUN",
    )
    .option("--base-url <url>", "address of an OpenAI-compatible server, with its /v1")
    .option("--effort <tier>", `how hard to think: ${efforts.join(", ")}`)
    .option("--agent <agent>", "agent definition: a file, a name or name@version")
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
    .option("--queue", "only write the run down and print its id; `agent33 work` drives it")
    .option("--policy <pack>", "policy pack in force; may be repeated", collect)
    .option("--max-steps <n>", "model turns at most", wholeNumber("--max-steps"))
    .option("--max-seconds <n>", "seconds of work at most", wholeNumber("--max-seconds"))
    .option("--max-cost-usd <amount>", "dollars at most", dollars)
    .action((text: string | undefined, options: RunOptions) => run(context, text, options));
}

async function run(
  context: CliContext,
  text: string | undefined,
  options: RunOptions,
): Promise<void> {
  const request = requestOf(text, options);
  const output = outputOf(context, options);
  const config = configOf(context, options, [
    { setting: "baseUrl", flag: "--base-url", value: options.baseUrl },
    { setting: "policy.packs", flag: "--policy", value: options.policy },
    { setting: "limits.maxSteps", flag: "--max-steps", value: options.maxSteps },
    { setting: "limits.maxSeconds", flag: "--max-seconds", value: options.maxSeconds },
    {
      setting: "limits.maxCostMicroUsd",
      flag: "--max-cost-usd",
      value:
        options.maxCostUsd === undefined ? undefined : Math.round(options.maxCostUsd * 1_000_000),
    },
  ]);
  await withEngine(context, config, async (engine) => {
    const runId = await engine.runs.create(request);
    if (request.queued === true) {
      output.out(output.json ? JSON.stringify({ runId }) : runId);
      return;
    }
    const begun = engine.store.runLog.read(runId);
    const [first] = begun;
    if (!output.json && first?.type === "run.started" && first.model.startsWith("scripted:")) {
      output.out(
        `Scripted run: no model is called. The turns come from ${first.model.slice("scripted:".length)}; the tools, the policy and the checks are real. Use --model for a real model.`,
      );
    }
    const watch = watcher(output);
    for (const event of begun) watch(event);
    await driveAndFollow(context, engine, output, runId, () => engine.runs.drive(runId));
  });
}

function requestOf(text: string | undefined, options: RunOptions): RunRequest {
  if ((text === undefined) === (options.task === undefined)) {
    throw usageError(
      text === undefined ? "Say what to do." : "Give a text or a task folder, not both.",
      'agent33 run "TEXT" or agent33 run --task FOLDER --environment host',
    );
  }
  for (const [flag, value] of Object.entries({ text, ...options })) {
    if (typeof value === "string" && value.trim() === "") {
      const name =
        flag === "text"
          ? "The task"
          : `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      throw usageError(`${name} is empty.`, "Give it a value or leave it out.");
    }
  }
  const common = {
    model: options.model,
    effort: effortOf(options.effort),
    agent: options.agent,
    mcpCommands: options.mcp,
    mcpHosts: hostsOf(options.mcpHosts ?? []),
    mcpUnconfined: options.mcpUnconfined ?? [],
    shell: options.shell === true,
    queued: options.queue === true,
  };
  if (options.task !== undefined) {
    if (options.workspace !== undefined) {
      throw usageError(
        "--workspace does not go with --task.",
        "A task folder is copied into a scratch workspace of its own.",
      );
    }
    return {
      ...common,
      task: { kind: "folder", path: options.task, environment: options.environment },
    };
  }
  if (options.environment !== undefined) {
    throw usageError("--environment goes with --task.", "Leave it out for a task in words.");
  }
  return { ...common, task: { kind: "text", text: text ?? "", workspace: options.workspace } };
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
  const known = efforts.find((effort) => effort === name.toLowerCase());
  if (known !== undefined) return known;
  throw new Agent33Error("cli.usage", `"${name}" is not an effort.`, {
    hint: suggestName(name, efforts),
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
