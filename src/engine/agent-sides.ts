import { type AgentDefinition, agentReference, mayUseTool } from "../agents/definition.ts";
import { createDelegateTool } from "../agents/delegate.ts";
import { effortBelow, type EffortChoice, type TierOutputs } from "../agents/effort.ts";
import type { AgentSide, SubAgent } from "../agents/ports.ts";
import { renderSystemPrompt } from "../agents/prompt.ts";
import type { Principal } from "../base/principal.ts";
import type { Redactor } from "../base/redact.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { type CompiledPolicy, strictestFor } from "../boundary/policy/index.ts";
import type { PolicyDecider } from "../boundary/types.ts";
import type { Settings } from "../config/schema.ts";
import { governed, type GovernedTool } from "../connectors/governed-tool.ts";
import { createUpdatePlanTool, updatePlanName } from "../context/plan-tool.ts";
import { createReadResultTool } from "../context/read-result-tool.ts";
import { type ContextSettings, windowOf } from "../context/window.ts";
import type { EventOf } from "../events/event.ts";
import type { TokenCounter } from "../models/tokens.ts";
import type { Skill } from "../skills/skill.ts";
import type { Tool } from "../tools/tool.ts";
import type { Callers } from "./callers.ts";
import type { SideCompletion } from "./completion.ts";
import { type Taint, withScan } from "./scanned-tools.ts";
import { withSecrets } from "./secret-tools.ts";
import { type SkillSeat, sideSkills } from "./side-skills.ts";
import { type ArrangedTools, arrangeTools } from "./tool-search.ts";
import { createToolbox } from "./toolbox.ts";

/** What the sides of all agents of a run are made of. */
export interface SideParts {
  readonly boundary: Boundary;
  readonly redactor: Redactor;
  /** What the run's agents have read by now. */
  readonly taint: Taint;
  readonly settings: Settings["tools"];
  readonly tokens: TokenCounter;
  /** How much of a prompt the list of skills may take. */
  readonly skillListTokens: number;
  /** How much of a conversation agents are shown whose definitions do not say. */
  readonly context: ContextSettings;
  /** What is known of the window of the run's model. In tokens. */
  readonly model: Pick<Parameters<typeof windowOf>[1], "contextTokens" | "isHosted">;
  /** What the packs say, for looking at beforehand. */
  readonly packs: CompiledPolicy;
  /** What decides about the run's calls. */
  readonly policy: PolicyDecider;
  /** What turns of each tier may use, where the run was routed. */
  readonly tiers: TierOutputs | undefined;
  /** Every agent that somebody in the run may hand work to. */
  readonly subAgents: readonly AgentDefinition[];
  readonly callers: Callers;
  /** How the work of one of them is checked. */
  readonly completionOf: (agent: AgentDefinition) => SideCompletion;
}

/** One agent, and what there is for it: no more than the agent has that it works for. */
export interface Seat extends SkillSeat {
  readonly principal: Principal;
  readonly effort: EffortChoice;
  /** The engine's own tools. */
  readonly own: readonly GovernedTool[];
  /** What servers offer. */
  readonly offered: readonly Tool[];
  /** How an earlier session of the run had its tools. */
  readonly earlier: EventOf<"session.opened"> | undefined;
  /** The agents that it works for, the run's own first, as `name@version`. */
  readonly above: readonly string[];
  /** How many levels of agents may work below it. */
  readonly levels: number;
  /** How its work is checked, and what it is told of that. */
  readonly completion: SideCompletion;
}

export interface OpenedSide {
  readonly side: AgentSide;
  readonly tools: ArrangedTools;
  readonly skills: readonly Skill[];
  readonly notices: readonly string[];
}

/** What one agent of a run acts with, and those below it when they are first asked for. */
export function openSide(parts: SideParts, seat: Seat): OpenedSide {
  const { agent, effort, above, levels } = seat;
  const principal = { ...seat.principal, agent: agentReference(agent) };
  const own = seat.own.filter(({ tool }) => mayUseTool(agent, tool.name));
  const offered = seat.offered.filter(({ name }) => mayUseTool(agent, name));
  const skills = sideSkills(seat, {
    tokens: parts.tokens,
    mostTokens: parts.skillListTokens,
  });
  const subAgents = levels < 1 ? [] : agent.agents.flatMap((id) => definitionOf(parts, id));
  const { notices, ...arranged } = arrangeTools({
    own: [...own, ...skills.tools.map(governed)],
    offered,
    settings: parts.settings,
    earlier: seat.earlier,
    tokens: parts.tokens,
    policy: parts.packs,
    principal,
  });
  // Who has nothing to act with has one turn's work, and no use for a plan.
  const acts = arranged.shown.length + arranged.toFind.length + subAgents.length > 0;
  const withValues = (tool: GovernedTool): GovernedTool =>
    withScan(withSecrets(tool, parts.redactor), parts.taint);
  const tools: ArrangedTools = {
    shown: [
      ...arranged.shown.map(withValues),
      // What is handed on stays as it was written: the secrets in it are for other tools.
      ...(subAgents.length === 0 ? [] : [governed(createDelegateTool(subAgents))]),
      ...(acts && mayUseTool(agent, updatePlanName) ? [governed(createUpdatePlanTool())] : []),
    ],
    toFind: arranged.toFind.map(withValues),
    laterShown: acts ? [governed(createReadResultTool())] : [],
  };
  const { words: judged, ...completion } = seat.completion;
  const side: AgentSide = {
    ...completion,
    principal,
    policy: above.length === 0 ? parts.policy : strictestFor(parts.policy, above),
    agent,
    effort,
    toolbox: createToolbox(parts.boundary, tools, parts.callers),
    preloaded: skills.preloaded,
    systemPrompt: parts.redactor.text(
      renderSystemPrompt(agent, { skills: skills.text, check: judged }),
    ),
    window: windowOf(
      { ...parts.context, ...agent.context },
      { ...parts.model, maxOutputTokens: effort.maxOutputTokens },
    ),
    subAgents: subAgents.map((below) =>
      subAgentOf(parts, seat, below, {
        own,
        offered,
        skills: skills.below,
        preloaded: skills.preloaded,
      }),
    ),
  };
  return { side, tools, skills: skills.known, notices: [...notices, ...skills.notices] };
}

function subAgentOf(
  parts: SideParts,
  seat: Seat,
  agent: AgentDefinition,
  tools: Pick<Seat, "own" | "offered" | "skills" | "preloaded">,
): SubAgent {
  const completion = parts.completionOf(agent);
  const below: Seat = {
    ...seat,
    ...tools,
    agent,
    effort: effortBelow(agent.effort, seat.effort, parts.tiers),
    earlier: undefined,
    above: [...seat.above, agentReference(seat.agent)],
    levels: Math.min(seat.levels - 1, agent.limits.maxDepth ?? Number.POSITIVE_INFINITY),
    completion: {
      ...completion,
      words: [reportWords(seat.agent, agent), completion.words].filter(Boolean).join("\n\n"),
    },
  };
  let side: AgentSide | undefined;
  return {
    id: agentReference(agent),
    agent,
    open: () => {
      side ??= openSide(parts, below).side;
      return side;
    },
  };
}

function reportWords({ name }: AgentDefinition, { outputs }: AgentDefinition): string {
  const told = `You work for another agent, ${name}. It sees nothing of what you do but your last words`;
  return outputs === undefined
    ? `${told}: report in them what it asked for, what you did and what you could not do.`
    : `${told}.`;
}

function definitionOf({ subAgents }: SideParts, id: string): readonly AgentDefinition[] {
  return subAgents.filter((agent) => agentReference(agent) === id);
}
