import { Agent33Error } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { OfferedTool } from "./tool.ts";

/** The tools of one run, by name. */
export interface ToolRegistry {
  /** The tool, or `tools.unknown_tool` with the name that was probably meant. */
  get(name: string): Result<OfferedTool>;
  /** In the order in which they were given: a stable order keeps the provider's prompt cache. */
  list(): readonly OfferedTool[];
}

/** What every provider accepts as a tool's name. */
const toolNamePattern = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * @throws Agent33Error `tools.invalid_name` for a name that providers refuse,
 * `tools.name_conflict` where two tools have the same
 */
export function createToolRegistry(tools: readonly OfferedTool[]): ToolRegistry {
  const byName = new Map<string, OfferedTool>();
  for (const tool of tools) {
    if (!toolNamePattern.test(tool.name)) throw invalidName(tool);
    const other = byName.get(tool.name);
    if (other !== undefined) throw nameConflict(tool, other);
    byName.set(tool.name, tool);
  }
  return {
    get: (name) => {
      const tool = byName.get(name);
      return tool === undefined ? err(unknownTool(name, [...byName.keys()])) : ok(tool);
    },
    list: () => [...byName.values()],
  };
}

function invalidName(tool: OfferedTool): Agent33Error {
  return new Agent33Error(
    "tools.invalid_name",
    `Providers refuse the tool name "${tool.name}" (from ${tool.source}).`,
    {
      hint: "Use 1 to 64 letters, digits, _ and -.",
      details: { tool: tool.name, source: tool.source },
    },
  );
}

function nameConflict(tool: OfferedTool, other: OfferedTool): Agent33Error {
  return new Agent33Error(
    "tools.name_conflict",
    `Two tools are called "${tool.name}": one from ${other.source}, one from ${tool.source}.`,
    {
      hint: "Rename one of the sources, or leave one of the tools out.",
      details: { tool: tool.name, sources: [other.source, tool.source] },
    },
  );
}

function unknownTool(name: string, known: readonly string[]): Agent33Error {
  return new Agent33Error("tools.unknown_tool", `There is no tool "${name}".`, {
    hint: suggestName(name, known),
    details: { tool: name },
  });
}
