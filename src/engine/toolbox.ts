import type { Toolbox } from "../agents/ports.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { Connector } from "../boundary/connector.ts";
import type { JsonObject } from "../base/json.ts";
import { toolCallSpec, type ToolProgress } from "../connectors/tool-call.ts";
import { createToolRegistry } from "../tools/registry.ts";
import type { Tool, ToolOutput } from "../tools/tool.ts";

/**
 * A run's tools behind the boundary.
 * @throws Agent33Error `tools.name_conflict`, `tools.invalid_name`
 */
export function createToolbox(boundary: Boundary, tools: readonly Tool[]): Toolbox {
  const registry = createToolRegistry(tools);
  const connectors = new Map<string, Connector<JsonObject, ToolOutput, ToolProgress>>();
  for (const tool of tools) connectors.set(tool.name, boundary.connector(toolCallSpec(tool)));
  return {
    tools: registry.list(),
    find: (name) => registry.get(name),
    call: (tool, args, { onProgress, ...options }) => {
      const connector = connectors.get(tool.name) ?? boundary.connector(toolCallSpec(tool));
      return connector.tryCall(args, { ...options, onChunk: ({ message }) => onProgress(message) });
    },
  };
}
