import type { StuckKind } from "../../events/event.ts";
import type { PastCall, PastTurn } from "./history.ts";

/** A loop that the last turn is part of. */
export interface Loop {
  readonly kind: StuckKind;
  /** How long it has gone on, in turns; for polling, in looks. */
  readonly turns: number;
  /** The events that show it, in their order. */
  readonly evidence: readonly number[];
  /** The calls that it consists of; empty where none is to blame. */
  readonly calls: readonly PastCall[];
}

/**
 * Finds loops of one kind at the end of a history. Every call of a turn is looked at, not only its
 * first: a loop may hide behind a call that differs each time.
 */
type Detector = (turns: readonly PastTurn[]) => readonly Loop[];

type Match = (call: PastCall) => boolean;

/** The same call with the same result in each turn. */
const repeat: Detector = (turns) =>
  lastCalls(turns).map((call) => loop("repeat", walk(turns, [sameResult(call)])));

/** The same error of the same tool in each turn, with whatever arguments. */
const sameError: Detector = (turns) =>
  lastCalls(turns)
    .filter(({ error }) => error !== null)
    .map((call) => loop("same_error", walk(turns, [({ error }) => error === call.error])));

/** Two calls in turn, each with the result that it had before. */
const pingPong: Detector = (turns) =>
  lastCalls(turns).flatMap((call) =>
    (turns.at(-2)?.calls ?? [])
      .filter(({ key }) => key !== call.key)
      .map((other) => loop("ping_pong", walk(turns, [sameResult(call), sameResult(other)]))),
  );

/**
 * The same look again, at most one turn left out between two, with a result that only tells
 * another time. Who learns something else meanwhile does not just wait.
 */
const polling: Detector = (turns) =>
  lastCalls(turns).map((call) => {
    const same: Match = ({ key, gist }) => key === call.key && gist === call.gist;
    return loop("polling", walk(turns, [same], { gap: 1, news: anyNews }));
  });

/** Turns of words, without a call. */
const monologue: Detector = (turns) => {
  const silent = trailing(turns, ({ calls }) => calls.length === 0);
  return [
    { kind: "monologue", turns: silent.length, evidence: silent.map(({ seq }) => seq), calls: [] },
  ];
};

/** Turns with errors of several kinds and nothing new beside them. */
const errorStorm: Detector = (turns) => {
  const failed = trailing(turns, (turn) => isIdle(turn) && turn.calls.some(isError));
  const errors = failed.flatMap(({ calls }) => calls.filter(isError));
  if (new Set(errors.map(({ error }) => error)).size < 2) return [];
  const evidence = errors.map(({ seq }) => seq);
  return [{ kind: "error_storm", turns: failed.length, evidence, calls: [] }];
};

/**
 * Turns that look at what was seen before, each after the conversation had to be made smaller: what
 * is read again pushes out what was read before it. Making it smaller is no loop where a turn
 * brings something new.
 */
const condensation: Detector = (turns) => {
  const again = trailing(turns, (turn) => {
    return turn.compacted !== undefined && turn.calls.length > 0 && isIdle(turn);
  });
  const evidence = again.flatMap(({ compacted }) => (compacted === undefined ? [] : [compacted]));
  return [{ kind: "condensation", turns: again.length, evidence, calls: [] }];
};

/** The one that says most precisely what is wrong comes first. */
const detectors: readonly Detector[] = [
  repeat,
  sameError,
  pingPong,
  polling,
  monologue,
  errorStorm,
  condensation,
];

/** Every loop that the end of a history may be part of, of any length. */
export function loopsOf(turns: readonly PastTurn[]): readonly Loop[] {
  return detectors.flatMap((detector) => detector(turns));
}

/** How many turns at the end of a history brought nothing new. */
export function idleTurns(turns: readonly PastTurn[]): number {
  return trailing(turns, isIdle).length;
}

/**
 * The calls that match, from the last turn back: one each turn, the patterns taking turns. It ends
 * where a turn has none, and where something new came between a call and the next one: after a
 * change it is right to look again, and with new knowledge to act again.
 */
function walk(
  turns: readonly PastTurn[],
  patterns: readonly Match[],
  { gap, news }: { readonly gap: number; readonly news: typeof outdated } = {
    gap: 0,
    news: outdated,
  },
): readonly PastCall[] {
  const all = turns.flatMap(({ calls }) => calls);
  const found: PastCall[] = [];
  let missed = 0;
  for (const turn of turns.toReversed()) {
    const match = patterns[found.length % patterns.length];
    const call = match === undefined ? undefined : turn.calls.findLast(match);
    if (call === undefined) {
      missed += 1;
      if (missed > gap) break;
      continue;
    }
    const newer = found[0];
    if (newer !== undefined && news(newer, all.slice(call.place + 1, newer.place))) break;
    missed = 0;
    found.unshift(call);
  }
  return found;
}

/** Whether what happened before a call gave it a new reason. */
function outdated(call: PastCall, before: readonly PastCall[]): boolean {
  const looksAgain = call.reads || call.error !== null;
  return before.some(({ news }) => news === "change" || (news === "knowledge" && !looksAgain));
}

function anyNews(_call: PastCall, before: readonly PastCall[]): boolean {
  return before.some(({ news }) => news !== null);
}

function loop(kind: StuckKind, calls: readonly PastCall[]): Loop {
  return { kind, turns: calls.length, evidence: calls.map(({ seq }) => seq), calls };
}

function sameResult(call: PastCall): Match {
  return ({ key, outcome }) => key === call.key && outcome === call.outcome;
}

function lastCalls(turns: readonly PastTurn[]): readonly PastCall[] {
  return turns.at(-1)?.calls ?? [];
}

function trailing(
  turns: readonly PastTurn[],
  holds: (turn: PastTurn) => boolean,
): readonly PastTurn[] {
  return turns.slice(turns.findLastIndex((turn) => !holds(turn)) + 1);
}

function isIdle({ calls }: PastTurn): boolean {
  return calls.every(({ news }) => news === null);
}

function isError({ error }: PastCall): boolean {
  return error !== null;
}
