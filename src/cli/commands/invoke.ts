import type { Command } from "commander";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import { repeatedName } from "../../base/repeated-name.ts";
import type { RunRequest } from "../../engine/create-run.ts";
import { runResult } from "../../engine/run-result.ts";
import { addCommonOptions, type CliContext, outputOf, withEngine } from "../context.ts";
import { leaveQueued, startAndFollow } from "../follow.ts";
import { readJson } from "../input.ts";
import {
  addRunOptions,
  refuseEmpty,
  runConfigOf,
  type RunOptions,
  runRequestOf,
} from "../run-options.ts";
import { usageError } from "../usage.ts";

interface InvokeOptions extends RunOptions {
  readonly input?: string;
  readonly iterative?: boolean;
}

/** `agent33 invoke`: an agent as a function, from JSON to JSON. */
export function invokeCommand(program: Command, context: CliContext): void {
  const command = addCommonOptions(program.command("invoke"))
    .description("call an agent with an input and get its output as JSON")
    .argument("<agent>", "agent definition: a file, a name or name@version")
    .option("--input <json>", "a JSON object, @FILE, or - for standard input; {} by default")
    .option("--iterative", "let the agent work with tools and checks until it is done");
  addRunOptions(command).action((agent: string, options: InvokeOptions) =>
    invoke(context, agent, options),
  );
}

async function invoke(context: CliContext, agent: string, options: InvokeOptions): Promise<void> {
  refuseEmpty(options);
  if (options.iterative !== true) refuseTools(options);
  const inputs = await inputOf(context, options.input);
  const output = outputOf(context, options);
  await withEngine(context, runConfigOf(context, options), async (engine) => {
    const request: RunRequest = {
      ...runRequestOf(options),
      agent,
      task: { kind: "inputs", inputs, workspace: options.workspace },
      mode: options.iterative === true ? "iterative" : "once",
    };
    if (request.queued === true) return leaveQueued(engine, output, request);
    // What is told of the run goes beside the result, so that the result can be piped.
    const beside = { ...output, out: output.err };
    const runId = await startAndFollow(context, engine, beside, request);
    const result = runResult(engine.store, runId);
    if (output.json) output.out(JSON.stringify({ ...result, output: result.output ?? null }));
    else if (result.output !== undefined) output.out(JSON.stringify(result.output));
  });
}

function refuseTools(options: InvokeOptions): void {
  const { mcp, mcpHosts, mcpUnconfined, workspace, shell, check, judge } = options;
  const given = {
    mcp: mcp.length > 0 ? mcp : undefined,
    "mcp-hosts": mcpHosts,
    "mcp-unconfined": mcpUnconfined,
    workspace,
    shell,
    check,
    judge,
  };
  const flag = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (flag === undefined) return;
  throw usageError(
    `--${flag} goes with --iterative: an agent that is asked once has no tools and no workspace.`,
    "Add --iterative, or leave it out.",
  );
}

async function inputOf(context: CliContext, text = "{}"): Promise<JsonObject> {
  const path = text === "-" ? text : /^@(.+)$/.exec(text)?.[1];
  const value = path === undefined ? parsed(text) : await readJson(context, path);
  const twice = path === undefined && value !== undefined ? repeatedName(text) : undefined;
  if (twice !== undefined) {
    throw usageError(
      `--input has the name ${JSON.stringify(twice)} twice in one object.`,
      "Write each name once.",
    );
  }
  if (isJsonObject(value)) return value;
  throw usageError(
    "--input takes a JSON object, the name of a file with one after @, or -.",
    `--input '{"name":"value"}', --input @input.json, or --input - < input.json`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is not JSON is no object either, and that is said with an example.
    return undefined;
  }
}
