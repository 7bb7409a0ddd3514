import { z } from "zod";
import { toAgent33Error } from "../base/errors.ts";
import type { StoredEvent } from "../events/event.ts";
import type { Signal } from "../learning/signal.ts";
import { type CallPlace, placeOf, placeText } from "../observability/lineage/call-place.ts";
import { type Caused, causedBy, causedByRun } from "../observability/lineage/caused.ts";
import { ledTo, ledToRun } from "../observability/lineage/led-to.ts";
import { type LineageStep, step } from "../observability/lineage/step.ts";
import type { Learning } from "./learning.ts";
import type { EngineStore } from "./tenant-store.ts";

/** What led to a call or a run and what came of it, as far as it was written down. */
export interface Lineage {
  /** The call; null where it is the lineage of a whole run. */
  readonly call: {
    readonly id: string;
    readonly at: number;
    readonly connector: string;
    readonly operation: string;
    readonly outcome: string;
    /** Which step of the run it is, in words; null for what is no step of an agent. */
    readonly place: string | null;
  } | null;
  readonly run: string | null;
  /** The nearest first. */
  readonly ledTo: readonly LineageStep[];
  /** In the order of the log; then what was learned. */
  readonly caused: readonly LineageStep[];
  /** What cannot be said, and why. */
  readonly unknown: readonly string[];
}

export interface LineageParts {
  readonly store: EngineStore;
  readonly learning: Pick<Learning, "rows">;
}

/** Of the newest lessons so many are looked at for what they were learned from. */
const newestLessons = 1_000;
const pageOfLessons = 200;

const id = z.string().optional();
const recordSchema = z.object({
  logicalCallId: z.string(),
  principal: z.object({ user: z.string(), key: id, agent: id }),
  decision: z.object({ effect: z.string(), ruleId: z.string() }),
  approvalId: id,
  error: z.object({ details: z.object({ approvalId: id }).optional() }).optional(),
});
type CallFacts = z.infer<typeof recordSchema>;

/**
 * What led to a call, and what came of it: from the audit, the log of its run and what was learned.
 * @param prefix the call's id, or its beginning
 * @throws Agent33Error `store.unknown_call`, `store.ambiguous_id`, `events.malformed`, `store.bad_row`
 */
export async function lineageOfCall(prefix: string, parts: LineageParts): Promise<Lineage> {
  const { store } = parts;
  const entry = store.audit.find(prefix);
  const { callId, runId, at, connector, operation, outcome } = entry;
  const facts = recordSchema.safeParse(entry.record).data;
  const log = runId === null || store.runs.get(runId) === undefined ? [] : store.runLog.read(runId);
  const place = facts === undefined ? undefined : placeOf({ callId, ...facts }, log);
  const caused = place === undefined ? { steps: [], seqs: [] } : causedBy(place, log);
  const learned = await learnedFrom(runId, caused, parts);
  return {
    call: {
      id: callId,
      at,
      connector,
      operation,
      outcome,
      place: place === undefined ? null : placeText(place),
    },
    run: runId,
    ledTo: [
      ...(facts === undefined ? [] : decidedBy(facts, store)),
      ...ledTo(place, log),
      ...trialOf(runId, store),
      ...(facts === undefined ? [] : askedBy(facts)),
    ],
    caused: [...caused.steps, ...learned.steps],
    unknown: [
      ...(facts === undefined ? ["The call's record has another form than it is written in."] : []),
      ...notKnown(runId, place, log),
      ...learned.unknown,
    ],
  };
}

/**
 * The same of a whole run. What its single calls led to has {@link lineageOfCall}.
 * @param prefix the run's id, or its beginning
 * @throws Agent33Error `store.unknown_run`, `store.ambiguous_id`, `events.malformed`, `store.bad_row`
 */
export async function lineageOfRun(prefix: string, parts: LineageParts): Promise<Lineage> {
  const { store } = parts;
  const { id } = store.runs.find(prefix);
  const log = store.runLog.read(id);
  const caused = causedByRun(log);
  const learned = await learnedFrom(id, caused, parts);
  const words = log.flatMap((event) =>
    event.type === "message.user" && event.from !== "engine" && event.agentPath === undefined
      ? [step("message", event.from ?? "task", { at: event.at, run: id, seq: event.seq })]
      : [],
  );
  return {
    call: null,
    run: id,
    ledTo: [...ledToRun(log), ...trialOf(id, store), ...words],
    caused: [...caused.steps, ...learned.steps],
    unknown: [
      ...notKnown(id, undefined, log).filter((line) => line === noLog),
      "Replays of a run are not noted in it: each names the run that it replays.",
      ...learned.unknown,
    ],
  };
}

/** The rule that decided, and the person whose word it asked for. */
function decidedBy(
  { decision, approvalId: used, error }: CallFacts,
  store: EngineStore,
): readonly LineageStep[] {
  const rule = step("rule", `${decision.effect} by ${decision.ruleId}`, { id: decision.ruleId });
  const id = used ?? error?.details?.approvalId;
  const approval = id === undefined ? undefined : approvalNamed(id, store);
  if (id === undefined) return [rule];
  if (approval === undefined) return [rule, step("approval", "no longer there", { id })];
  const { state, decidedBy: by, decidedAt, requestedAt, note } = approval;
  const why = note === null ? "" : `: ${note}`;
  const words = by === null ? state : `${state}, answered by ${by}${why}`;
  return [rule, step("approval", words, { id, at: decidedAt ?? requestedAt })];
}

function approvalNamed(id: string, { approvals }: EngineStore) {
  try {
    return approvals.find(id);
  } catch (thrown) {
    if (toAgent33Error(thrown).code === "store.unknown_approval") return undefined;
    throw thrown;
  }
}

function askedBy({ principal: { user, key, agent } }: CallFacts): readonly LineageStep[] {
  const words = [
    user,
    ...(key === undefined ? [] : [`key ${key}`]),
    ...(agent === undefined ? [] : [agent]),
  ];
  return [step("person", words.join(", "))];
}

const trialSchema = z.object({ trial: z.object({ task: z.string(), repetition: z.int() }) });

function trialOf(runId: string | null, store: EngineStore): readonly LineageStep[] {
  const spec = runId === null ? undefined : store.runs.get(runId)?.spec;
  const trial = trialSchema.safeParse(spec).data?.trial;
  if (trial === undefined) return [];
  const task = trial.task.split("/").at(-1) ?? trial.task;
  return [step("trial", `task ${task}, repetition ${trial.repetition}`)];
}

const noLog =
  "The log of the run is not there (any more): what led to it and what came of it is lost.";

function notKnown(
  runId: string | null,
  place: CallPlace | undefined,
  log: readonly StoredEvent[],
): readonly string[] {
  if (runId === null) {
    return ["The call belongs to no run: who made it and by which rule is all that is known."];
  }
  if (log.length === 0) return [noLog];
  if (place === undefined) {
    return [
      "The call is no step of an agent: the engine made it for the run, such as to open a server.",
    ];
  }
  return place.kind === "tool" || place.kind === "turn"
    ? [
        "What of all that the model was shown moved it to this is not known; what was new to it is listed.",
      ]
    : [];
}

/** Signals that were made of events of a log, the intakes of these, and lessons that name either. */
async function learnedFrom(
  runId: string | null,
  { seqs }: Caused,
  { learning }: LineageParts,
): Promise<{ readonly steps: readonly LineageStep[]; readonly unknown: readonly string[] }> {
  if (runId === null || seqs.length === 0) return { steps: [], unknown: [] };
  try {
    const rows = await learning.rows();
    const wanted = new Set(seqs);
    const keyed = await rows.signals.ofKeys(`run:${runId}:`);
    const signals = keyed.filter(({ key }) => wanted.has(Number(key.split(":").at(-1))));
    if (signals.length === 0) return { steps: [], unknown: [] };
    const intakes = [...new Set(signals.flatMap(({ signal }) => signal.intakeId ?? []))];
    const named = new Set([...intakes, ...signals.map(({ signal }) => signal.id)]);
    const { lessons, all } = await lessonsNaming(named, rows);
    return {
      steps: [
        ...signals.map(({ key, signal }) => signalStep(runId, key, signal)),
        ...intakes.map((id) => step("intake", "intake", { id })),
        ...lessons.map(({ id, recordedAt }) => step("lesson", "lesson", { id, at: recordedAt })),
      ],
      unknown: all ? [] : [`Only the newest ${newestLessons} lessons were looked at.`],
    };
  } catch (thrown) {
    const { code } = toAgent33Error(thrown);
    if (!code.startsWith("store.")) throw thrown;
    return { steps: [], unknown: [`What was learned of it could not be asked: ${code}.`] };
  }
}

function signalStep(run: string, key: string, signal: Signal): LineageStep {
  const { id, type, severity, recordedAt, occurrences } = signal;
  const times = occurrences > 1 ? `, seen ${occurrences} times in all` : "";
  const seq = Number(key.split(":").at(-1));
  return step("signal", `${type}, ${severity}${times}`, { id, at: recordedAt, run, seq });
}

async function lessonsNaming(
  named: ReadonlySet<string>,
  rows: Awaited<ReturnType<Learning["rows"]>>,
) {
  const lessons: { readonly id: string; readonly recordedAt: number }[] = [];
  let cursor: string | null = null;
  let looked = 0;
  do {
    const page: Awaited<ReturnType<typeof rows.lessons.list>> = await rows.lessons.list({
      limit: pageOfLessons,
      ...(cursor === null ? {} : { cursor }),
    });
    looked += page.items.length;
    for (const lesson of page.items) {
      const from = [...lesson.signalIds, ...lesson.intakeIds];
      if (from.some((id) => named.has(id))) lessons.push(lesson);
    }
    cursor = page.nextCursor;
  } while (cursor !== null && looked < newestLessons);
  return { lessons, all: cursor === null };
}
