import type { Toolbox } from "../agents/ports.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { Connector } from "../boundary/connector.ts";
import type { JsonObject } from "../base/json.ts";
import { toolCallSpec, type ToolProgress } from "../connectors/tool-call.ts";
import { createToolRegistry } from "../tools/registry.ts";
import type { Tool, ToolOutput } from "../tools/tool.ts";
import type { ArrangedTools } from "./tool-search.ts";

/**
 * A run's tools behind the boundary. The chain of each is made when it is first called: of
 * thousands a run calls a few.
 * @throws Agent33Error `tools.name_conflict`, `tools.invalid_name`
 */
export function createToolbox(boundary: Boundary, { shown, toFind }: ArrangedTools): Toolbox {
  const registry = createToolRegistry([...shown, ...toFind]);
  const connectors = new Map<Tool, Connector<JsonObject, ToolOutput, ToolProgress>>();
  const connectorOf = (tool: Tool) => {
    const known = connectors.get(tool);
    if (known !== undefined) return known;
    const made = boundary.connector(toolCallSpec(tool));
    connectors.set(tool, made);
    return made;
  };
  return {
    tools: shown,
    find: (name) => registry.get(name),
    call: (tool, args, { onProgress, ...options }) =>
      connectorOf(tool).tryCall(args, {
        ...options,
        onChunk: ({ message }) => onProgress(message),
      }),
  };
}
