import { join } from "node:path";
import type { Command } from "commander";
import { configFileName } from "../../../config/config.ts";
import { readMcpFile } from "../../../config/mcp-file.ts";
import { draftSettings } from "../../../config/settings-file.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../../context.ts";
import { oneLine } from "../../output.ts";
import { readText } from "../../input.ts";
import { unsetVariables, writeShown } from "./write-settings.ts";

interface ImportOptions extends CommonOptions {
  readonly yes?: boolean;
}

export function importCommand(connectors: Command, context: CliContext): void {
  addCommonOptions(connectors.command("import"))
    .description("take MCP servers over from a file of another program")
    .argument("<file>", ".mcp.json, claude_desktop_config.json, mcp.json of Cursor or VS Code")
    .option("--yes", "write without asking")
    .action((path: string, options: ImportOptions) => importServers(context, path, options));
}

async function importServers(
  context: CliContext,
  path: string,
  options: ImportOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  const { servers, leftOut, variables } = readMcpFile(await readText(context, path), path);
  const names = Object.keys(servers);
  const file = config.file ?? join(context.host.cwd, configFileName);
  const written =
    names.length > 0 &&
    (await writeShown(
      context,
      output,
      draftSettings(file, "mcpServers", servers),
      options.yes === true,
    ));
  const unset = unsetVariables(
    context,
    variables.map(({ name }) => name),
  );
  if (output.json) {
    output.out(JSON.stringify({ file, written, servers: names, leftOut, variables, unset }));
    return;
  }
  for (const { name, why } of leftOut) output.out(`Left out: ${oneLine(name, 60)}, ${why}`);
  for (const { name, server, why } of variables) {
    const missing = unset.includes(name) ? " It is not set now." : "";
    output.out(`${oneLine(server, 60)} takes ${oneLine(name, 60)}: ${why}${missing}`);
  }
  if (written) {
    output.out(`See whether they work: ${output.program} connectors check${output.sameStore}`);
  }
}
