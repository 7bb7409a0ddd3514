import { z } from "zod";
import { lineDiff } from "../../base/line-diff.ts";
import { fromLogReasons, runOutcomes } from "../../events/event-fields.ts";
import type { EventOf, StoredEvent } from "../../events/event.ts";
import { toolCallName } from "../scope.ts";
import { comparable } from "./normalise.ts";
import { replayRules } from "./policy.ts";
import { type Relocation, relocationOf } from "./relocation.ts";
import { type LoggedCall, loggedCalls, replayEnding } from "./steps.ts";

/** What became of one call of the run in its replay. */
const callSchema = z.object({
  agentPath: z.string().exactOptional().describe("the agent that made it; absent: the run's own"),
  turn: z.int().positive(),
  index: z.int().nonnegative().describe("place in its turn, from 0"),
  tool: z.string(),
  status: z
    .enum(["same", "differs", "not_run", "missing", "not_reached"])
    .describe(
      "same or differs: made again; not_run: answered from the log; missing: the log has no result; not_reached: the replay has not come so far",
    ),
  live: z.boolean().describe("made again after a person was asked (--live)"),
  why: z.enum(fromLogReasons).exactOptional().describe("why it was answered from the log"),
  thenError: z.boolean().exactOptional().describe("whether the log's result is an error"),
  nowError: z.boolean().exactOptional().describe("whether the replay's result is an error"),
  diff: z
    .string()
    .exactOptional()
    .describe("unified diff of the results, without ids, times and places"),
});

const verdictSchema = z.object({
  what: z.string().describe("check 1, check 2 …, hidden tests, outcome, files changed"),
  before: z.string(),
  now: z.string(),
  differs: z.boolean(),
});

const fileSchema = z.object({
  path: z.string(),
  change: z.enum(["added", "modified", "deleted"]),
  bytes: z.int().nonnegative(),
});

/** What a replay found. The documented shape of `agent33 replay --json`. */
export const replayReportSchema = z.object({
  version: z.literal(1),
  replay: z.string().describe("the run that is the replay"),
  of: z.string().describe("the run that is replayed"),
  ended: z.boolean().describe("whether the replay has come to the log's end"),
  original: z
    .object({
      outcome: z.enum([...runOutcomes, "none"]).describe("none: it had not come to its end"),
      parked: z
        .boolean()
        .describe("whether it waits for a person: what is missing is yet to be done"),
      lastEvent: z.int().nonnegative().describe("place of the last event that was replayed"),
      lastTurn: z.int().nonnegative(),
    })
    .describe("how far the log goes"),
  differs: z.boolean().describe("whether a call or a verdict differs"),
  counts: z.object({
    same: z.int().nonnegative(),
    differs: z.int().nonnegative(),
    notRun: z.int().nonnegative(),
    missing: z.int().nonnegative(),
    notReached: z.int().nonnegative(),
  }),
  calls: z.array(callSchema).readonly(),
  verdicts: z.array(verdictSchema).readonly(),
  tools: z
    .object({
      added: z.array(z.string()).readonly(),
      removed: z.array(z.string()).readonly(),
      changed: z.array(z.string()).readonly().describe("described in other words now"),
    })
    .describe("what the agent could act with, against then"),
  policy: z.object({ before: z.string(), now: z.string() }),
  start: z
    .array(fileSchema)
    .readonly()
    .nullable()
    .describe("files that were not as they were when the run began; null: not known"),
  tokens: z.literal(0),
  costMicroUsd: z.literal(0),
});
export type ReplayReport = z.infer<typeof replayReportSchema>;

/** The report as JSON Schema, for programs that read it. */
export function replayReportJsonSchema(): object {
  const title = "The report of a replay (agent33 replay --json)";
  return { ...z.toJSONSchema(replayReportSchema, { io: "output" }), title };
}
type CallRow = ReplayReport["calls"][number];
type Verdict = ReplayReport["verdicts"][number];

/** Lines of a diff that are shown of one call. */
const diffLines = 40;

export interface ReplayLogs {
  /** As far as it is replayed. */
  readonly original: readonly StoredEvent[];
  readonly replay: readonly StoredEvent[];
  /** What the scratch copy differs in from what the run began with; null where nobody knows. */
  readonly start: ReplayReport["start"];
}

/** Holds the log of a replay against the log that it replays. */
export function replayReport({ original, replay, start }: ReplayLogs): ReplayReport {
  const moved = relocationOf(original, replay);
  const results = new Map(
    replay.flatMap((event) =>
      event.type === "tool.completed" ? [[toolCallName(event), event] as const] : [],
    ),
  );
  const calls = loggedCalls(original).map((call) =>
    rowOf(call, results.get(toolCallName(call.place)), moved),
  );
  const finished = lastOf(replay, "run.finished");
  const verdicts = finished === undefined ? [] : verdictsOf(original, replay);
  const counted = (status: CallRow["status"]): number =>
    calls.filter((row) => row.status === status).length;
  return {
    version: 1,
    replay: replay[0]?.runId ?? "",
    of: original[0]?.runId ?? "",
    ended: finished !== undefined && !isBrokenOff(finished, original, counted("not_reached")),
    original: {
      outcome: lastOf(original, "run.finished")?.outcome ?? "none",
      parked: isParked(original),
      lastEvent: original.at(-1)?.seq ?? 0,
      lastTurn: Math.max(0, ...original.map((event) => ("turn" in event ? event.turn : 0))),
    },
    differs:
      calls.some(({ status }) => status === "differs") || verdicts.some((one) => one.differs),
    counts: {
      same: counted("same"),
      differs: counted("differs"),
      notRun: counted("not_run"),
      missing: counted("missing"),
      notReached: counted("not_reached"),
    },
    calls,
    verdicts,
    tools: toolChanges(original, replay),
    policy: {
      before: lastOf(original, "run.started")?.policy ?? "",
      now: lastOf(replay, "run.started")?.policy ?? "",
    },
    start,
    tokens: 0,
    costMicroUsd: 0,
  };
}

/** Whether the last that happened in a run is a question to a person. */
function isParked(events: readonly StoredEvent[]): boolean {
  const last = events.findLast(
    ({ type }) => type === "run.parked" || type === "session.opened" || type === "run.finished",
  );
  return last?.type === "run.parked";
}

/** Whether somebody cancelled the replay itself. */
function isBrokenOff(
  { stop }: EventOf<"run.finished">,
  original: readonly StoredEvent[],
  notReached: number,
): boolean {
  if (stop.reason !== "cancelled") return false;
  return notReached > 0 || replayEnding(original).stop?.reason !== "cancelled";
}

function rowOf(
  { place, part, result }: LoggedCall,
  now: EventOf<"tool.completed"> | undefined,
  moved: Relocation | undefined,
): CallRow {
  const row = { ...place, tool: part.toolName, live: false };
  if (result === undefined) return { ...row, status: "missing" };
  if (now === undefined) return { ...row, status: "not_reached", thenError: result.isError };
  const ends = { thenError: result.isError, nowError: now.isError };
  if (now.fromLog !== undefined) return { ...row, ...ends, status: "not_run", why: now.fromLog };
  const live = now.decision?.ruleId === replayRules.live;
  const [before, after] = comparable(result.content, now.content, moved);
  if (before === after && result.isError === now.isError) {
    return { ...row, ...ends, live, status: "same" };
  }
  return { ...row, ...ends, live, status: "differs", diff: lineDiff(before, after, diffLines) };
}

function verdictsOf(
  original: readonly StoredEvent[],
  replay: readonly StoredEvent[],
): readonly Verdict[] {
  const nowChecks = checkWords(replay);
  const { stop, verified } = replayEnding(original);
  const [before, now] = [lastOf(original, "run.finished"), lastOf(replay, "run.finished")];
  return [
    ...[...checkWords(original)].map(([name, words]) =>
      verdict(`check ${name}`, words, nowChecks.get(name) ?? "did not run"),
    ),
    ...(verified ? [verdict("hidden tests", testWords(original), testWords(replay))] : []),
    ...(before === undefined || now === undefined || stop === null
      ? []
      : [
          verdict("outcome", before.outcome, now.outcome),
          verdict("files changed", fileWords(before), fileWords(now)),
        ]),
  ];
}

function verdict(what: string, before: string, now: string): Verdict {
  return { what, before, now, differs: before !== now };
}

/**
 * Checks by their attempt, but for the first of it their place in it, and whose work they look at:
 * `2`, `2.2`, `2 of 1.0`.
 */
function checkWords(events: readonly StoredEvent[]): ReadonlyMap<string, string> {
  const looked = new Map<string, number>();
  const words = new Map<string, string>();
  for (const event of events) {
    if (event.type !== "check.completed") continue;
    const { agentPath, attempt, passed, error } = event;
    const whose = agentPath === undefined ? "" : ` of ${agentPath}`;
    const look = `${attempt}${whose}`;
    const place = (looked.get(look) ?? 0) + 1;
    looked.set(look, place);
    const name = place === 1 ? look : `${attempt}.${place}${whose}`;
    words.set(name, error?.code ?? (passed ? "passed" : "failed"));
  }
  return words;
}

function testWords(events: readonly StoredEvent[]): string {
  const tests = lastOf(events, "verification.completed");
  if (tests === undefined) return "did not run";
  return tests.error?.code ?? `reward ${tests.reward ?? "none"}`;
}

function fileWords({ filesChanged }: EventOf<"run.finished">): string {
  if (filesChanged.length === 0) return "none";
  return filesChanged
    .map(({ path, change, bytes }) => `${change} ${path} (${bytes} bytes)`)
    .join(", ");
}

function toolChanges(
  original: readonly StoredEvent[],
  replay: readonly StoredEvent[],
): ReplayReport["tools"] {
  const before = digestsOf(original);
  const now = digestsOf(replay);
  if (now.size === 0) return { added: [], removed: [], changed: [] };
  const names = (from: ReadonlyMap<string, string>, keep: (name: string) => boolean) =>
    [...from.keys()].filter(keep).sort();
  return {
    added: names(now, (name) => !before.has(name)),
    removed: names(before, (name) => !now.has(name)),
    changed: names(now, (name) => before.has(name) && before.get(name) !== now.get(name)),
  };
}

function digestsOf(events: readonly StoredEvent[]): ReadonlyMap<string, string> {
  const tools = lastOf(events, "session.opened")?.tools ?? [];
  return new Map(tools.map(({ name, digest }) => [name, digest]));
}

function lastOf<T extends StoredEvent["type"]>(
  events: readonly StoredEvent[],
  type: T,
): EventOf<T> | undefined {
  return events.findLast((event): event is EventOf<T> => event.type === type);
}
