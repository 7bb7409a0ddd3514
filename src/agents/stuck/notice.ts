import { Agent33Error } from "../../base/errors.ts";
import type { EventOf, NewEvent, StopReason, StoredEvent, StuckKind } from "../../events/event.ts";
import { idleTurns, type Loop, loopsOf } from "./detectors.ts";
import { callKey } from "./gist.ts";
import { historyOf, isAllNew, isFromPerson } from "./history.ts";
import { thresholdOf } from "./thresholds.ts";

export type StuckStop = Extract<StopReason, { reason: "stuck" }>;
type NewNotice = Extract<NewEvent, { type: "stuck.noticed" }>;

/** What is to be done about a run that goes in circles: tell it, or end it. */
export type StuckFinding = NewNotice | { readonly type: "stop"; readonly stop: StuckStop };

/** How much longer than the longest loop the history is in which something counts as known. */
const historyFactor = 10;

/** Evidence is for people: the ends of a long loop say as much as all of it. */
const mostEvidence = 100;

/**
 * Looks whether a run goes in circles, by its log up to `throughSeq` alone: whoever takes the run
 * up again sees the same.
 * @param maxStuckTurns the limit of the run; what is told and refused before moves with it
 */
export function findStuck(
  events: readonly StoredEvent[],
  throughSeq: number,
  maxStuckTurns: number,
): StuckFinding | undefined {
  const mostTurns = historyFactor * maxStuckTurns;
  // After a turn that has only found what is new, a loop can be no longer than what is told first.
  const told = (kind: StuckKind): number => thresholdOf(kind, maxStuckTurns).warn;
  const longest = told("ping_pong") > 2 && told("repeat") > 1 && told("polling") > 1;
  if (longest && isAllNew(events, throughSeq, mostTurns)) return undefined;
  const turns = historyOf(events, throughSeq, mostTurns);
  const idle = idleTurns(turns);
  const judged = loopsOf(turns).flatMap((loop) => {
    const { warn, block, stop } = thresholdOf(loop.kind, maxStuckTurns);
    if (loop.turns < warn) return [];
    // A loop beside which the run still gets on is refused, but does not end it. A loop of two
    // calls brings news in its first two turns.
    const level =
      loop.turns >= stop && idle >= stop - 2
        ? 2
        : block !== undefined && loop.turns >= block
          ? 1
          : 0;
    return [{ loop, level }];
  });
  const worst = judged.toSorted((left, right) => right.level - left.level)[0];
  if (worst === undefined) return undefined;
  const { kind, turns: length, evidence } = worst.loop;
  const shown = { kind, turns: length, evidence: evidence.slice(-mostEvidence) };
  if (worst.level === 2) return { type: "stop", stop: { reason: "stuck", ...shown } };
  const blocked = judged.filter(({ level }) => level > 0).map(({ loop }) => loop);
  const refused = new Set(blocked.flatMap(({ calls }) => calls.map(({ key }) => key)));
  return {
    type: "stuck.noticed",
    ...shown,
    refused: [...refused],
    text: noticeText(worst.loop, refused.size > 0),
  };
}

/** What was noticed right before a turn, whether its answer is there already or not. */
export function noticeBefore(
  events: readonly StoredEvent[],
  turn: number,
): EventOf<"stuck.noticed"> | undefined {
  let notice: EventOf<"stuck.noticed"> | undefined;
  let isOver = false;
  for (let place = events.length - 1; place >= 0; place -= 1) {
    const event = events[place];
    if (event === undefined) continue;
    if (event.type === "turn.completed") {
      if (event.turn < turn) break;
      // What stands after the answer was not before it.
      notice = undefined;
      isOver = false;
    } else if (event.type === "stuck.noticed" && !isOver) {
      notice = event;
      isOver = true;
    } else if (isFromPerson(event)) isOver = true;
  }
  return notice;
}

/** Why a call is not run in this turn; undefined when it may. */
export function refusalOf(
  notice: EventOf<"stuck.noticed"> | undefined,
  { toolName, argumentsText }: { readonly toolName: string; readonly argumentsText: string },
): Agent33Error | undefined {
  if (notice === undefined || !notice.refused.includes(callKey(toolName, argumentsText))) {
    return undefined;
  }
  return new Agent33Error(
    "agents.stuck_call",
    `Not run: ${loopText(notice.kind, notice.turns)} Its result is above.`,
    { hint: "Do something else first; then it may be called again." },
  );
}

/** What a loop is, in one sentence. */
export function loopText(kind: Loop["kind"], turns: number): string {
  switch (kind) {
    case "repeat":
      return `The same call has had the same result in ${turns} turns in a row.`;
    case "same_error":
      return `The same error has come back in ${turns} turns in a row.`;
    case "ping_pong":
      return `Two calls have taken turns for ${turns} turns, each with the result that it had before.`;
    case "polling":
      return `The same look was taken ${turns} times and nothing has changed.`;
    case "monologue":
      return `${turns} turns in a row have had words only, and words change nothing.`;
    case "error_storm":
      return `${turns} turns in a row have brought errors and nothing new.`;
    case "condensation":
      return `${turns} turns in a row have looked at what was seen before, and each time earlier results had to be taken out of your view for it.`;
  }
}

function noticeText({ kind, turns, calls }: Loop, refuses: boolean): string {
  const tools = [...new Set(calls.map(({ toolName }) => toolName))].join(" and ");
  return [
    `The run goes in circles. ${loopText(kind, turns)}`,
    ...(tools === "" ? [] : [`It concerns ${tools}.`]),
    ...(refuses ? ["The same again will be refused in your next turn."] : []),
    advice[kind],
    "If you cannot go on, finish: say what is done and what keeps you. If this goes on, the run is stopped.",
  ].join(" ");
}

const advice: Readonly<Record<Loop["kind"], string>> = {
  repeat: "Work with the result that you have, or try another way.",
  same_error: "Read what the error says, look at what is there, and change what you ask for.",
  ping_pong: "Decide for one of the two, or try a third way.",
  polling: "Do something else meanwhile, or wait longer in one call.",
  monologue: "Call a tool that changes something.",
  error_storm: "Stop trying; look at what is there first, with a call that you know to work.",
  condensation:
    "Write down what you need of a result before you read the next one, and read only the part that you need.",
};
