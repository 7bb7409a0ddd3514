import type { Intake } from "../../../learning/intake.ts";
import type { IntakeState } from "../../../learning/intake-state.ts";
import { oneLine } from "../../output.ts";
import { block, entries, fields, utc } from "../../text.ts";

/** All of an intake. */
export function intakeText(intake: Intake): string {
  const { classification, content, relevance, disposition, tracking, quality } = intake;
  const table = fields([
    ["intake", intake.id],
    ["state", stateText(disposition)],
    ["priority", `${relevance.priority} of 10, urgency ${classification.urgency}`],
    ["about", [classification.researchType, classification.category].filter(Boolean).join(", ")],
    ["source", content.source === "" ? undefined : oneLine(content.source, 200)],
    ["published", content.sourceDate],
    ["submitted", `${utc(intake.submittedAt)} UTC by ${oneLine(intake.submittedBy, 100)}`],
    ["quality", quality === null ? undefined : `${quality.label} (${quality.score})`],
    ["impact", listed(relevance.impactAreas)],
    ["phases", listed(relevance.affectedPhases)],
    ["agents", listed(relevance.affectedAgents)],
    ["backlog", listed(tracking.backlogRefs)],
    ["target", listed([tracking.implementationTarget])],
    ["roadmap", listed([tracking.roadmapImpact])],
  ]);
  const history = intake.history.map(
    ({ from, to, by, at, rationale }) =>
      `${utc(at)}  ${from} → ${to} by ${by}${rationale === "" ? "" : `: ${rationale}`}`,
  );
  const analysis =
    Object.keys(intake.analysis).length === 0 ? "" : JSON.stringify(intake.analysis, null, 2);
  return [
    `${oneLine(content.title, 500)}\n\n${table}`,
    block("summary", content.summary),
    entries("actions", disposition.actionItems),
    block("analysis", analysis),
    entries("signals", intake.signalIds),
    entries("history", history),
  ].join("");
}

function stateText({ state, decidedAt, decidedBy, rationale }: Intake["disposition"]): string {
  if (decidedAt === null) return state;
  const why = rationale === "" ? "" : `: ${oneLine(rationale, 300)}`;
  return `${state}, decided ${utc(decidedAt)} UTC by ${oneLine(decidedBy ?? "?", 100)}${why}`;
}

function listed(texts: readonly string[]): string | undefined {
  const said = texts.filter((text) => text !== "");
  return said.length === 0 ? undefined : oneLine(said.join(", "), 500);
}

/** Where an intake most likely goes next, as words of a command; undefined where it stays. */
export function nextMove(state: IntakeState): IntakeState | undefined {
  const moves: Readonly<Record<IntakeState, IntakeState | undefined>> = {
    submitted: "triaged",
    triaged: "analyzing",
    analyzing: "accepted",
    accepted: "tracked",
    deferred: "triaged",
    rejected: undefined,
    tracked: undefined,
  };
  return moves[state];
}
