import { Agent33Error } from "../base/errors.ts";
import { carriedFold } from "../context/carried.ts";
import { readResultName } from "../context/shown-result.ts";
import type { StoredEvent } from "../events/event.ts";
import { findToolsName } from "../tools/search/find-tools.ts";
import { type OfferedTool, toolDigest } from "../tools/tool.ts";
import type { Toolbox } from "./ports.ts";
import { ownerOf } from "./scope.ts";

/**
 * The tools that the model is shown at a place of its run: those that it always is, then those that
 * it has found, in the order in which it found them, so that what a provider has cached of the list
 * stays a beginning of it. Who resumes or replays the run reads the same from its log. A tool that
 * is described differently now than when it was found is another tool, and has to be found anew.
 */
export function shownTools(
  toolbox: Toolbox,
  events: readonly StoredEvent[],
  throughSeq: number,
): readonly OfferedTool[] {
  const owner = ownerOf(events);
  const digests = activated(events, throughSeq, owner);
  const { isCompacted } = compactions(events, Number.MAX_SAFE_INTEGER, owner);
  // Of which the conversation shows less, that can be read again.
  const readAgain = isCompacted ? toolbox.find(readResultName) : undefined;
  const shown = readAgain?.ok === true ? [...toolbox.tools, readAgain.value] : toolbox.tools;
  if (digests.size === 0) return shown;
  const found = [...digests].flatMap(([name, digest]) => {
    const tool = toolbox.find(name);
    const isShown = tool.ok && !toolbox.tools.includes(tool.value);
    return isShown && toolDigest(tool.value) === digest ? [tool.value] : [];
  });
  return [...shown, ...found];
}

/** Digests of the tools that were found, by their names. */
const activated = carriedFold(() => {
  const state = new Map<string, string>();
  const add = (event: StoredEvent): void => {
    if (event.type !== "tools.activated") return;
    for (const { name, digest } of event.tools) state.set(name, digest);
  };
  return { state, add };
});

const compactions = carriedFold(() => {
  const state = { isCompacted: false };
  const add = ({ type }: StoredEvent): void => {
    if (type === "context.compacted") state.isCompacted = true;
  };
  return { state, add };
});

/** What the log keeps of tools that were found; names that the run does not have are left out. */
export function activatedTools(
  toolbox: Toolbox,
  names: readonly string[],
): readonly { readonly name: string; readonly digest: string }[] {
  return names.flatMap((name) => {
    const tool = toolbox.find(name);
    return tool.ok ? [{ name, digest: toolDigest(tool.value) }] : [];
  });
}

/** The answer to a call of a tool that the model has not been shown. */
export function notActive(name: string): Agent33Error {
  return new Agent33Error("agents.tool_not_active", `The tool "${name}" is not active.`, {
    hint: `Call ${findToolsName} with what the tool has to do; what it finds is active from your next turn on.`,
    details: { tool: name },
  });
}
