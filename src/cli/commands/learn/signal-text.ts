import type { Quality, QualityReason } from "../../../learning/quality.ts";
import type { Intake } from "../../../learning/intake.ts";
import type { Signal } from "../../../learning/signal.ts";
import { oneLine } from "../../output.ts";
import { block, counted, entries, fields, utc } from "../../text.ts";

const missing: Readonly<Record<QualityReason, string>> = {
  summary_too_short: "short summary",
  details_missing: "no details",
  source_missing: "no source",
  context_missing: "no context",
  well_formed_signal: "",
};

/** What a signal lacks, in words; empty where it lacks nothing. */
export function missingWords({ reasons }: Quality): string {
  return reasons
    .map((reason) => missing[reason])
    .filter((words) => words !== "")
    .join(", ");
}

/** All of a signal, and the intake that it belongs to. */
export function signalText(signal: Signal, intake: Intake | undefined): string {
  const { quality, occurrences, context } = signal;
  const lacks = missingWords(quality);
  const table = fields([
    ["signal", signal.id],
    ["type", `${signal.type}, ${signal.severity}`],
    ["state", stateText(signal)],
    ["source", signal.source === "" ? "-" : oneLine(signal.source, 200)],
    ["recorded", `${utc(signal.recordedAt)} UTC`],
    [
      "last seen",
      occurrences === 1
        ? undefined
        : `${utc(signal.lastSeenAt)} UTC, ${counted(occurrences, "time")} by then`,
    ],
    ["quality", `${quality.label} (${quality.score})${lacks === "" ? "" : `: ${lacks}`}`],
    [
      "intake",
      intake === undefined
        ? "-"
        : `${intake.id}, ${intake.disposition.state}: ${oneLine(intake.content.title, 100)}`,
    ],
    ["origin", signal.provenance === "migrated" ? "brought along from another store" : undefined],
  ]);
  const facts = Object.entries(context).map(([name, value]) => `${name}: ${value}`);
  return `${oneLine(signal.summary, 500)}\n\n${table}${block("details", signal.details)}${entries("context", facts)}`;
}

function stateText({ state, stateBy, stateAt, stateReason }: Signal): string {
  if (stateAt === null) return state;
  const why = stateReason === null || stateReason === "" ? "" : `: ${oneLine(stateReason, 300)}`;
  return `${state} since ${utc(stateAt)} UTC by ${oneLine(stateBy ?? "?", 100)}${why}`;
}
