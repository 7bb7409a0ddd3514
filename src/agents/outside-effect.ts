import type { EventOf, StoredEvent } from "../events/event.ts";
import { parseArguments } from "../tools/arguments.ts";
import type { Toolbox } from "./ports.ts";
import { toolCallName } from "./scope.ts";

/**
 * The first tool whose call may have changed something outside of the workspace, if there is one:
 * what cannot be put back must not be done twice.
 */
export function outsideEffect(
  events: readonly StoredEvent[],
  toolbox: Pick<Toolbox, "find" | "effectOf">,
): string | undefined {
  const asked = new Map<string, EventOf<"tool.started">>();
  for (const event of events) {
    if (event.type === "tool.started") asked.set(toolCallName(event), event);
    if (event.type !== "tool.completed" || event.attempts === 0) continue;
    if (reachesOutside(asked.get(toolCallName(event)), event.toolName, toolbox)) {
      return event.toolName;
    }
  }
  return undefined;
}

/** What is not known to stay inside, or to change nothing, may have reached outside. */
function reachesOutside(
  asked: EventOf<"tool.started"> | undefined,
  name: string,
  toolbox: Pick<Toolbox, "find" | "effectOf">,
): boolean {
  const found = toolbox.find(name);
  if (!found.ok) return true;
  const tool = found.value;
  if (tool.staysInWorkspace === true) return false;
  if (tool.effect === "read") return false;
  const raw = parseArguments(asked?.argumentsText ?? "");
  const args = raw.ok ? tool.parse(raw.value) : raw;
  return !args.ok || toolbox.effectOf(tool, args.value) !== "read";
}
