import { other } from "../metrics/bounds.ts";
import type { AuditSighting, MetricSighting, Place, Sighting, Sightings } from "./sightings.ts";
import { places } from "./sightings.ts";

/**
 * What became of a decision's id in one place. `differs`: it is there with another decision;
 * `unknown`: nobody can say here, and the message says why.
 */
export const placeOutcomes = ["found", "missing", "differs", "unknown"] as const;

export interface PlaceFinding {
  readonly place: Place;
  readonly outcome: (typeof placeOutcomes)[number];
  /** What was seen, or where to look. */
  readonly message: string;
}

/** One decision and where its id was found. */
export interface DecisionFinding {
  /** The id of its call, which is the decision's. */
  readonly call: string;
  /** Whom the call was to, in words. */
  readonly what: string;
  readonly effect: string | null;
  readonly rule: string | null;
  /** All places, in their order. */
  readonly places: readonly PlaceFinding[];
}

/** Where the decisions of one run were found. */
export interface ContinuityReport {
  readonly format: "agent33-continuity/1";
  readonly run: string;
  readonly outcome: "met" | "missed";
  readonly decisions: readonly DecisionFinding[];
  /** What is wrong with the run as a whole, in a sentence each. */
  readonly problems: readonly string[];
}

/** What all places said of one run. A place that cannot be looked into says why. */
export interface Seen {
  readonly decision: Sightings;
  readonly run_log: Sightings;
  readonly audit: readonly AuditSighting[];
  readonly metric: readonly MetricSighting[];
  readonly trace: Sightings;
  readonly export_jsonl: Sightings | string;
  readonly export_otlp: Sightings | string;
  /** Calls of the run that are no step of an agent, such as the opening of a server. */
  readonly beside: ReadonlySet<string>;
  /** Calls whose end is not written (yet): only the decision and the audit have these. */
  readonly open: ReadonlySet<string>;
}

/** Where each place is looked into by hand. */
const lookups: Readonly<Record<Place, string>> = {
  decision: "agent33 audit show CALL (its record's decision)",
  run_log: "agent33 runs show RUN (callId of its events)",
  audit: "agent33 audit list --run RUN",
  metric: "agent33 metrics --openmetrics (call_id of exemplars of agent33_calls_total)",
  trace: "agent33 runs trace RUN (agent33.call.id)",
  export_jsonl: "the file of telemetry.jsonl (id of lines with type call)",
  export_otlp: "the collector of telemetry.otlp (agent33.call.id of spans named call …)",
};

/**
 * Holds what the places say of a run's decisions against each other. A decision that any place knows
 * has to be in all of them, with the same effect and rule.
 * @param wanted effects of which the run must have a decision that every place has
 */
export function continuityOf(
  run: string,
  seen: Seen,
  wanted: readonly string[] = [],
): ContinuityReport {
  const decisions = [...idsIn(seen)].map((call) => findingOf(call, seen));
  const broken = decisions.some((one) => one.places.some(isBroken));
  const isWhole = (one: DecisionFinding): boolean =>
    one.places.every(({ outcome }) => outcome === "found");
  const problems = [
    ...(decisions.length === 0 ? ["No place knows a decision of this run."] : []),
    ...wanted
      .filter((effect) => !decisions.some((one) => one.effect === effect && isWhole(one)))
      .map((effect) => `No decision to ${effect} is found in all places.`),
  ];
  const outcome = broken || problems.length > 0 ? "missed" : "met";
  return { format: "agent33-continuity/1", run, outcome, decisions, problems };
}

/** Whether a finding breaks the thread; what nobody can say here does not. */
export function isBroken({ outcome }: PlaceFinding): boolean {
  return outcome === "missing" || outcome === "differs";
}

/** Exports and metrics hold other runs' calls too: they tell of this run only what the others know. */
function idsIn({ decision, run_log, audit, trace }: Seen): ReadonlySet<string> {
  return new Set([
    ...audit.map(({ callId }) => callId),
    ...run_log.keys(),
    ...trace.keys(),
    ...decision.keys(),
  ]);
}

function findingOf(call: string, seen: Seen): DecisionFinding {
  const row = seen.audit.find(({ callId }) => callId === call);
  const said = row === undefined ? undefined : { effect: row.decision, rule: row.ruleId };
  const reference = seen.decision.get(call) ?? seen.run_log.get(call) ?? said;
  return {
    call,
    what: row === undefined ? "a call" : `${row.connector} ${row.operation}`,
    effect: reference?.effect ?? null,
    rule: reference?.rule ?? null,
    places: places.map((place) => ({ place, ...inPlace(place, call, seen, reference) })),
  };
}

type Found = Omit<PlaceFinding, "place">;

function inPlace(place: Place, call: string, seen: Seen, reference: Sighting | undefined): Found {
  const missing: Found = { outcome: "missing", message: `Look into: ${lookups[place]}` };
  if (seen.open.has(call) && place !== "decision" && place !== "audit") {
    return { outcome: "unknown", message: "The call's end is not written yet." };
  }
  if (place === "metric") return inMetric(call, seen, missing);
  if (place === "audit") {
    const row = seen.audit.find(({ callId }) => callId === call);
    if (row === undefined) return missing;
    return compared({ effect: row.decision, rule: row.ruleId }, reference);
  }
  const sightings = seen[place];
  if (typeof sightings === "string") return { outcome: "unknown", message: sightings };
  const one = sightings.get(call);
  if (one !== undefined) return compared(one, reference);
  if ((place === "run_log" || place === "trace") && seen.beside.has(call)) {
    return { outcome: "unknown", message: "It is no step of an agent, and a log has only these." };
  }
  return missing;
}

function compared(one: Sighting, reference: Sighting | undefined): Found {
  const same = (here: string | null, there: string | null | undefined): boolean =>
    here === null || there === null || there === undefined || here === there;
  const words = [one.effect, one.rule].filter((word) => word !== null).join(", ");
  const message = words === "" ? "The id." : words;
  if (same(one.effect, reference?.effect) && same(one.rule, reference?.rule)) {
    return { outcome: "found", message };
  }
  const other = [reference?.effect, reference?.rule].join(", ");
  return { outcome: "differs", message: `It says ${message}; others say ${other}.` };
}

/** A series names its newest call alone: of earlier ones it cannot say more than that. */
function inMetric(call: string, { metric, audit }: Seen, missing: Found): Found {
  const own = metric.find((one) => one.call === call);
  const row = audit.find(({ callId }) => callId === call);
  if (own !== undefined) {
    const effect = own.labels["decision"] ?? null;
    return compared(
      { effect, rule: null },
      row === undefined ? undefined : { effect: row.decision, rule: null },
    );
  }
  if (row === undefined && metric.length > 0) {
    return { outcome: "unknown", message: "Without the audit's row nobody knows its series." };
  }
  if (row === undefined) return missing;
  const { connector, outcome, decision } = row;
  const series = metric.find(({ labels }) =>
    Object.entries({ connector, outcome, decision }).every(
      ([name, value]) => labels[name] === value || labels[name] === other,
    ),
  );
  // Ids are made of the time, so that a later one is greater.
  if (series === undefined || series.call < call) return missing;
  return { outcome: "unknown", message: `Its series names a newer call by now: ${series.call}.` };
}
