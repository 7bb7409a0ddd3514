import type { SignalIntake } from "./intake-rules.ts";
import {
  type IntakeRecord,
  type IntakeUpdate,
  intakeUpdateSchema,
  type NewIntake,
} from "./intake.ts";
import { allowedMove, type IntakeState } from "./intake-state.ts";
import { parseRecord } from "./record.ts";

/** How an intake begins. */
export function submitIntake(
  intake: NewIntake,
  made: Pick<IntakeRecord, "id" | "tenant" | "automatic" | "quality"> & { readonly at: number },
): IntakeRecord {
  const { id, tenant, automatic, quality, at } = made;
  return {
    ...intake,
    id,
    tenant,
    automatic,
    quality,
    submittedAt: at,
    updatedAt: at,
    disposition: {
      state: "submitted",
      decidedAt: null,
      decidedBy: null,
      rationale: "",
      actionItems: [],
    },
    tracking: { backlogRefs: [], roadmapImpact: "", implementationTarget: "" },
    history: [],
  };
}

/** Who submits what nobody asked for. */
const automaticSubmitter = "agent33";
/** Signals that were brought along may be longer than an intake. */
const longestSummary = 20_000;
const longestSource = 2000;

/** The intake that a signal asks for. */
export function automaticIntake(intake: SignalIntake, signalId: string): NewIntake {
  const { title, summary, source, category, urgency, impactAreas, priority } = intake;
  return {
    submittedBy: automaticSubmitter,
    classification: { researchType: "internal", category, urgency },
    content: {
      title: title.trim() === "" ? `Signal ${signalId}` : title,
      summary: cut(summary, longestSummary),
      source: cut(source, longestSource),
    },
    relevance: { impactAreas, affectedPhases: [], affectedAgents: [], priority },
    analysis: {},
  };
}

/** Cut at a length in UTF-16 units, but not within a surrogate pair. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const start = text.slice(0, length);
  return start.isWellFormed() ? start : start.slice(0, -1);
}

/**
 * The intake with what was found out about it.
 * @throws Agent33Error `learning.bad_intake`
 */
export function updateIntake(intake: IntakeRecord, update: IntakeUpdate, at: number): IntakeRecord {
  const { analysis, tracking } = parseRecord(intakeUpdateSchema, update, "intake");
  return {
    ...intake,
    analysis: analysis ?? intake.analysis,
    tracking: { ...intake.tracking, ...tracking },
    updatedAt: at,
  };
}

/** What is said with a change of state. */
export interface IntakeDecision {
  readonly rationale?: string;
  /** What is to be done; what was noted before stays where it is not given. */
  readonly actionItems?: readonly string[];
}

/** States that are a decision. */
const decisions: readonly IntakeState[] = ["accepted", "deferred", "rejected"];

/**
 * The intake in its new state. A decision is noted with who made it and when; one that is taken up
 * again has none any more, and its history still has it.
 * @param to what somebody asks for; any text
 * @throws Agent33Error `learning.bad_transition`, naming the states that are allowed
 */
export function moveIntake(
  intake: IntakeRecord,
  to: string,
  by: string,
  at: number,
  { rationale = "", actionItems }: IntakeDecision = {},
): IntakeRecord {
  const { id, disposition, history } = intake;
  const state = allowedMove(id, disposition.state, to);
  return {
    ...intake,
    disposition: {
      ...decisionAfter(disposition, state, { by, at, rationale }),
      state,
      actionItems: actionItems ?? disposition.actionItems,
    },
    history: [...history, { from: disposition.state, to: state, by, at, rationale }],
    updatedAt: at,
  };
}

function decisionAfter(
  disposition: IntakeRecord["disposition"],
  to: IntakeState,
  { by, at, rationale }: { readonly by: string; readonly at: number; readonly rationale: string },
): Pick<IntakeRecord["disposition"], "decidedAt" | "decidedBy" | "rationale"> {
  if (decisions.includes(to)) return { decidedAt: at, decidedBy: by, rationale };
  const { decidedAt, decidedBy, rationale: before } = disposition;
  if (to === "triaged") return { decidedAt: null, decidedBy: null, rationale: "" };
  return { decidedAt, decidedBy, rationale: before };
}
