import type { Toolbox } from "../agents/ports.ts";
import { Agent33Error } from "../base/errors.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { isOtherTool } from "../connectors/mcp/handle.ts";
import type { GovernedTool } from "../connectors/governed-tool.ts";
import { createToolRegistry } from "../tools/registry.ts";
import type { OfferedTool } from "../tools/tool.ts";
import { type Callers, createCallers } from "./callers.ts";
import type { ArrangedTools } from "./tool-search.ts";

/**
 * A run's tools behind the boundary. The chain of each is made when it is first called: of
 * thousands a run calls a few.
 * @throws Agent33Error `tools.name_conflict`, `tools.invalid_name`
 */
export function createToolbox(
  boundary: Boundary,
  { shown, toFind, laterShown = [] }: ArrangedTools,
  callers: Callers = createCallers(),
): Toolbox {
  const all = [...shown, ...toFind, ...laterShown];
  const registry = createToolRegistry(all.map(({ tool }) => tool));
  const byName = new Map(all.map((one) => [one.tool.name, one]));
  const known = ({ name }: OfferedTool): GovernedTool => {
    const found = byName.get(name);
    if (found !== undefined) return found;
    throw new Agent33Error("tools.unknown_tool", `"${name}" is no tool of this run.`);
  };
  return {
    tools: shown.map(({ tool }) => tool),
    find: (name) => registry.get(name),
    effectOf: (tool, args) => known(tool).spec.facts(args).effect,
    call: (tool, args, { onProgress, ...caller }) =>
      callers.during(tool.source, caller, async () => {
        const { agentPath: _path, ...options } = caller;
        const { spec, refresh } = known(tool);
        const connector = boundary.connector(spec);
        const call = () =>
          connector.tryCall(args, { ...options, onChunk: ({ message }) => onProgress(message) });
        await refresh?.();
        const outcome = await call();
        // It became another tool just then: policy decides about that one.
        return !outcome.ok && isOtherTool(outcome.error) ? await call() : outcome;
      }),
  };
}
