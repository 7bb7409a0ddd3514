import type { Toolbox } from "../agents/ports.ts";
import { Agent33Error } from "../base/errors.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { ToolCallSpec } from "../connectors/governed-tool.ts";
import { createToolRegistry } from "../tools/registry.ts";
import type { OfferedTool } from "../tools/tool.ts";
import type { ArrangedTools } from "./tool-search.ts";

/**
 * A run's tools behind the boundary. The chain of each is made when it is first called: of
 * thousands a run calls a few.
 * @throws Agent33Error `tools.name_conflict`, `tools.invalid_name`
 */
export function createToolbox(boundary: Boundary, { shown, toFind }: ArrangedTools): Toolbox {
  const all = [...shown, ...toFind];
  const registry = createToolRegistry(all.map(({ tool }) => tool));
  const specs = new Map(all.map(({ tool, spec }) => [tool.name, spec]));
  const specOf = ({ name }: OfferedTool): ToolCallSpec => {
    const spec = specs.get(name);
    if (spec !== undefined) return spec;
    throw new Agent33Error("tools.unknown_tool", `"${name}" is no tool of this run.`);
  };
  return {
    tools: shown.map(({ tool }) => tool),
    find: (name) => registry.get(name),
    effectOf: (tool, args) => specOf(tool).facts(args).effect,
    call: (tool, args, { onProgress, ...options }) =>
      boundary
        .connector(specOf(tool))
        .tryCall(args, { ...options, onChunk: ({ message }) => onProgress(message) }),
  };
}
