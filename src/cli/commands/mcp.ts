import type { Command } from "commander";
import type { McpInspection } from "../../engine.ts";
import { poisonWords } from "../../engine/poisoned-tools.ts";
import { addCommonOptions, type CliContext, configOf, outputOf, withEngine } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { columns, oneLine, type Output } from "../output.ts";

interface Options {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `agent33 mcp`: the MCP servers of the settings. */
export function mcpCommand(program: Command, context: CliContext): void {
  const mcp = program.command("mcp").description("MCP servers of the settings and their tools");
  addCommonOptions(mcp.command("tools", { isDefault: true }))
    .description("what servers offer now, and how it stands to what was pinned")
    .argument("[servers...]", "servers by their names (default: all)")
    .action((names: readonly string[], options: Options) => tools(context, names, options));
  addCommonOptions(mcp.command("pin"))
    .description("take servers' tools for good as they are: from then on a changed one asks")
    .argument("[servers...]", "servers by their names (default: all)")
    .action((names: readonly string[], options: Options) => pin(context, names, options));
  addCommonOptions(mcp.command("login"))
    .description("log in to a server over HTTP: shows the page to open, and keeps the tokens")
    .argument("<server>", "the server by its name")
    .action((name: string, options: Options) => login(context, name, options));
}

async function login(context: CliContext, name: string, options: Options): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ mcp }) => {
    const { tools: found } = await mcp.login(name, (page) =>
      output.err(`Open this page in a browser on this machine:\n${page}`),
    );
    const tools = found.length;
    if (output.json) output.out(JSON.stringify({ name, tools }));
    else output.out(`Logged in to ${name}, which offers ${tools} tools.`);
  });
}

async function tools(
  context: CliContext,
  names: readonly string[],
  options: Options,
): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ mcp }) => {
    const found = await mcp.inspect(names);
    if (output.json) output.out(JSON.stringify({ items: found.servers, failed: found.failed }));
    else show(found, output);
    context.exit(found.failed.length === 0 ? exitCodes.ok : exitCodes.failed);
  });
}

async function pin(context: CliContext, names: readonly string[], options: Options): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ mcp }) => {
    const { file, ...found } = await mcp.pin(names);
    context.exit(found.failed.length === 0 ? exitCodes.ok : exitCodes.failed);
    if (output.json) {
      output.out(JSON.stringify({ file, items: found.servers, failed: found.failed }));
      return;
    }
    show(found, output);
    if (found.servers.length > 0)
      output.out(`Pinned in ${file}: review it and keep it with the settings.`);
  });
}

function show({ servers, failed }: McpInspection, output: Output): void {
  if (servers.length + failed.length === 0) output.out("The settings name no MCP servers.");
  for (const { name, protocolVersion, tools: found, gone, notices } of servers) {
    output.out(`${name} (protocol ${protocolVersion})`);
    const rows = found.map((tool) => [
      tool.name,
      tool.effect,
      tool.repeat,
      tool.state,
      oneLine(tool.description, 60),
    ]);
    output.out(columns([["TOOL", "EFFECT", "REPEAT", "PIN", "DESCRIPTION"], ...rows]));
    for (const { name: tool, injection } of found)
      if (injection !== null) output.out(`warning: ${tool}: ${poisonWords(injection)}`);
    for (const tool of gone) output.out(`${tool} was pinned and is gone.`);
    for (const notice of notices) output.out(`note: ${notice}`);
  }
  for (const { name, code, message, hint } of failed) {
    output.out(`${name} cannot be asked: ${code}: ${message}`);
    if (hint !== undefined) output.out(`  → ${hint}`);
  }
}
