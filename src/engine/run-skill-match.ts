import { type AgentDefinition, mayUseSkill } from "../agents/definition.ts";
import { effortAsked } from "../agents/effort.ts";
import type { RunSession } from "../agents/ports.ts";
import { turnText } from "../agents/state.ts";
import { eventDecision } from "../agents/turn.ts";
import type { CallOptions } from "../boundary/types.ts";
import type { EventOf, NewEvent, StoredEvent } from "../events/event.ts";
import type { AskSkills } from "../skills/matching/model-stages.ts";
import type { Skill } from "../skills/skill.ts";
import type { RunSpec } from "./run-spec.ts";
import { matchWith, type SkillMatcherParts } from "./skill-matcher.ts";

export interface RunMatchParts extends SkillMatcherParts {
  readonly spec: RunSpec;
  /** The run's log so far. */
  readonly events: readonly StoredEvent[];
  /** The log of the run that this one replays; undefined for all others. */
  readonly replayed: readonly StoredEvent[] | undefined;
  readonly model: RunSession["model"];
  readonly call: Pick<CallOptions, "principal" | "signal" | "budgets" | "policy"> & {
    readonly runId: string;
  };
  readonly append: (event: NewEvent) => void;
}

/**
 * The skills that a run has, where it is to have only those that fit its task. They are chosen once:
 * a run that is taken up again has those of its log, a replay those of the log that it replays.
 * Skills that an agent begins with are chosen by its definition and stay.
 * @throws BoundaryError what keeps the model from answering
 */
export async function matchedSkills(
  found: readonly Skill[],
  parts: RunMatchParts,
): Promise<readonly Skill[]> {
  const { spec, events, replayed, append } = parts;
  const top = spec.matchSkills ?? spec.agent.matchSkills;
  // Who has one turn without tools can load none. A trial's arm says whether there is matching.
  const arm = spec.trial?.skills ?? "matched";
  if (top === undefined || spec.mode === "once" || arm !== "matched") return found;
  let matched = lastMatch(events);
  const recorded = replayed === undefined ? undefined : lastMatch(replayed);
  if (matched === undefined && recorded !== undefined) {
    const { seq: _seq, runId: _runId, at: _at, ...again } = recorded;
    append(again);
    matched = recorded;
  }
  const chosen = new Set(matched?.chosen ?? (await choose(found, top, parts)));
  const begunWith = new Set([spec.agent, ...spec.subAgents].flatMap(({ preload = [] }) => preload));
  return found.filter(({ name }) => chosen.has(name) || begunWith.has(name));
}

function lastMatch(events: readonly StoredEvent[]): EventOf<"skills.matched"> | undefined {
  return events.findLast((event) => event.type === "skills.matched");
}

async function choose(
  found: readonly Skill[],
  top: number,
  parts: RunMatchParts,
): Promise<readonly string[]> {
  const { spec, events, call, append } = parts;
  const begun = events.find((event) => event.type === "message.user");
  const candidates = found.filter((skill) => isChoosable(skill, spec.agent));
  const { checked: _checked, ...match } = await matchWith(parts, candidates, {
    task: begun?.type === "message.user" ? begun.text : "",
    top,
    ask: askRun(parts),
    call,
  });
  append({ type: "skills.matched", ...match });
  return match.chosen;
}

function isChoosable(skill: Skill, agent: AgentDefinition): boolean {
  return skill.modelMayLoad && mayUseSkill(agent, skill.name);
}

/** Questions to the run's model, which the run pays for and its log tells of. */
function askRun({ spec, events, model, call, append }: RunMatchParts): AskSkills {
  let asked = events.filter(({ type }) => type === "matching.completed").length;
  return async (question) => {
    const stage = question.answer.name === "selection" ? "selection" : "filter";
    const outcome = await model.tryCall(
      {
        ...question,
        tools: [],
        maxOutputTokens: spec.effort.maxOutputTokens,
        ...effortAsked(spec.effort),
        asker: { name: spec.agent.name },
        matching: asked,
      },
      call,
    );
    const { callId, decision, durationMs, spend } = outcome.record;
    const costMicroUsd = spend?.costMicroUsd ?? null;
    if (!outcome.ok) {
      // What waits for a person or was never sent has cost nothing, and is said by what comes of it.
      const tokens = spend?.tokens ?? 0;
      if (outcome.error.kind !== "approval_required") {
        const error = outcome.error.toJSON();
        append({ type: "matching.failed", stage, error, tokens, costMicroUsd, durationMs, callId });
      }
      throw outcome.error;
    }
    asked += 1;
    const { usage } = outcome.value;
    const text = turnText(outcome.value);
    append({
      type: "matching.completed",
      stage,
      text,
      usage,
      costMicroUsd,
      decision: eventDecision(decision),
      durationMs,
      callId,
    });
    return text;
  };
}
