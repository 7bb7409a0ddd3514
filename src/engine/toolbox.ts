import type { Toolbox } from "../agents/ports.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { GovernedTool } from "../connectors/governed-tool.ts";
import { Agent33Error } from "../base/errors.ts";
import { createToolRegistry } from "../tools/registry.ts";

/**
 * A run's tools behind the boundary.
 * @throws Agent33Error `tools.name_conflict`, `tools.invalid_name`
 */
export function createToolbox(boundary: Boundary, tools: readonly GovernedTool[]): Toolbox {
  const registry = createToolRegistry(tools.map(({ tool }) => tool));
  const connectors = new Map(
    tools.map(({ tool, spec }) => [tool.name, boundary.connector(spec)] as const),
  );
  return {
    tools: registry.list(),
    find: (name) => registry.get(name),
    call: (tool, args, { onProgress, ...options }) => {
      const connector = connectors.get(tool.name);
      if (connector === undefined) throw notOfThisRun(tool.name);
      return connector.tryCall(args, { ...options, onChunk: ({ message }) => onProgress(message) });
    },
  };
}

function notOfThisRun(name: string): Agent33Error {
  return new Agent33Error("tools.unknown_tool", `"${name}" is no tool of this run.`);
}
