import type { Principal } from "../base/principal.ts";
import type { CompiledPolicy } from "../boundary/policy/index.ts";
import type { Settings } from "../config/schema.ts";
import { governed, type GovernedTool } from "../connectors/governed-tool.ts";
import { toolCallSpec } from "../connectors/tool-call.ts";
import type { EventOf } from "../events/event.ts";
import type { TokenCounter } from "../models/tokens.ts";
import { createFindTools } from "../tools/search/find-tools.ts";
import { createToolIndex } from "../tools/search/tool-index.ts";
import type { OfferedTool, Tool } from "../tools/tool.ts";
import { outrightDenial } from "./outright-denial.ts";

/** A run's tools: what its model is always shown, and what it has to find first. */
export interface ArrangedTools {
  readonly shown: readonly GovernedTool[];
  readonly toFind: readonly GovernedTool[];
  /** What it is shown once there is something to use it on. */
  readonly laterShown?: readonly GovernedTool[];
}

export interface ArrangeRequest {
  /** The engine's own tools, which are few. */
  readonly own: readonly GovernedTool[];
  /** What servers offer. */
  readonly offered: readonly Tool[];
  readonly settings: Settings["tools"];
  /** How an earlier session of the run had it; the run keeps to that. */
  readonly earlier: EventOf<"session.opened"> | undefined;
  readonly tokens: TokenCounter;
  readonly policy: CompiledPolicy;
  readonly principal: Principal;
}

/**
 * Shows the model all tools where they fit, and else a tool that finds them. What the policy denies
 * outright is not found, and where it denies the search itself, all is shown.
 */
export function arrangeTools(
  request: ArrangeRequest,
): ArrangedTools & { readonly notices: readonly string[] } {
  const { own, offered, policy, principal } = request;
  const all = { shown: [...offered.map(governed), ...own], toFind: [], notices: [] };
  if (!isSearched(request)) return all;
  const isDenied = outrightDenial(policy);
  const mayCall = (tool: Tool): boolean => {
    const { id, facts } = toolCallSpec(tool);
    return !isDenied(facts({}), id, principal);
  };
  const byName = new Map(offered.map((tool) => [tool.name, tool]));
  const index = createToolIndex();
  const bySource = Map.groupBy(offered, ({ source }) => source);
  const notices = [...bySource].flatMap(([source, tools]) => index.update(source, tools));
  const findTools = createFindTools({
    index,
    sources: [...bySource].map(([name, tools]) => ({ name, tools: tools.length })),
    offered: (name) => {
      const tool = byName.get(name);
      return tool !== undefined && mayCall(tool) ? tool : undefined;
    },
  });
  if (!mayCall(findTools)) {
    const notice = `All ${offered.length} tools of servers are shown, because the policy denies ${findTools.name}.`;
    return { ...all, notices: [notice] };
  }
  const shown = [governed(findTools), ...own];
  return { shown, toFind: offered.map(governed), notices: firstOf(notices) };
}

/** More notices than these nobody reads, and each session's event would hold them all. */
const mostNotices = 20;

function firstOf(notices: readonly string[]): readonly string[] {
  const rest = notices.length - mostNotices;
  if (rest <= 0) return notices;
  return [...notices.slice(0, mostNotices), `Search does not see all of ${rest} more tools.`];
}

function isSearched({ own, offered, settings, earlier, tokens }: ArrangeRequest): boolean {
  if (offered.length === 0) return false;
  if (earlier?.toFind !== undefined) return earlier.toFind > 0;
  switch (settings.search) {
    case "always":
      return true;
    case "never":
      return false;
    case "auto":
      return exceeds(
        [...offered, ...own.map(({ tool }) => tool)],
        settings.searchAboveTokens,
        tokens,
      );
  }
}

/** Counts no further than it has to: the definitions of thousands of tools take seconds. */
function exceeds(tools: readonly OfferedTool[], most: number, tokens: TokenCounter): boolean {
  let counted = 0;
  for (const tool of tools) {
    counted += tokens.request({ ...nothingElse, tools: [tool] });
    if (counted > most) return true;
  }
  return false;
}

const nothingElse = { system: "", messages: [], maxOutputTokens: 0, effort: "medium" } as const;
