import type { Toolbox } from "../agents/ports.ts";
import { Agent33Error } from "../base/errors.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { createToolRegistry } from "../tools/registry.ts";
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
  return {
    tools: shown.map(({ tool }) => tool),
    find: (name) => registry.get(name),
    call: ({ name }, args, { onProgress, ...options }) => {
      const spec = specs.get(name);
      if (spec === undefined) {
        throw new Agent33Error("tools.unknown_tool", `"${name}" is no tool of this run.`);
      }
      return boundary
        .connector(spec)
        .tryCall(args, { ...options, onChunk: ({ message }) => onProgress(message) });
    },
  };
}
