import { sha256 } from "../../base/digest.ts";
import { carriedFold } from "../../context/carried.ts";
import type { EventOf, StoredEvent } from "../../events/event.ts";
import { delegateName, withoutEnding } from "../delegate.ts";
import { ownerOf } from "../scope.ts";
import { callKey, errorGist, gistOf } from "./gist.ts";

/** One call that came to an end, as the detectors see it. */
export interface PastCall {
  /** The event of its end. */
  readonly seq: number;
  /** Its place among all calls of the history. */
  readonly place: number;
  readonly toolName: string;
  /** The same for the same tool and arguments. */
  readonly key: string;
  /** It can have changed nothing. */
  readonly reads: boolean;
  /** The same for the same result. */
  readonly outcome: string;
  /** The same for results that differ only in what changes by itself. */
  readonly gist: string;
  /** The same for the same error of the same tool, whatever it was asked; null for a success. */
  readonly error: string | null;
  /** What it brought that the history did not have yet: a change made, something learned. */
  readonly news: "change" | "knowledge" | null;
}

export interface PastTurn {
  /** The event of the model's answer. */
  readonly seq: number;
  /** The event that made the conversation smaller before it, because it had come near its room. */
  readonly compacted: number | undefined;
  /** In the order in which the model asked for them. */
  readonly calls: readonly PastCall[];
}

interface RawTurn {
  readonly answer: EventOf<"turn.completed">;
  readonly compacted: number | undefined;
  readonly ends: EventOf<"tool.completed">[];
}

/** The turns since a person last said something, as a log tells them event by event. */
interface Told {
  turns: RawTurn[];
  /** Of the turn that has no answer yet. */
  compacted: number | undefined;
  /** Tools that only read, as the last session has them. */
  reads: ReadonlySet<string>;
  /** By what a call found: the last two turns that found it, counted from 0. */
  readonly finders: Map<string, readonly [last: number, before: number]>;
}

const told = carriedFold<Told>(() => {
  const state: Told = {
    turns: [],
    compacted: undefined,
    reads: new Set<string>(),
    finders: new Map(),
  };
  const add = (event: StoredEvent): void => {
    if (event.type === "session.opened") {
      const names = event.tools.filter(({ effect }) => effect === "read").map(({ name }) => name);
      state.reads = new Set(names);
      state.finders.clear();
      for (const [place, turn] of state.turns.entries()) {
        for (const end of turn.ends) noteFind(state, turn, place, end);
      }
    } else if (isFromPerson(event)) {
      state.turns = [];
      state.finders.clear();
    } else if (event.type === "turn.completed") {
      state.turns.push({ answer: event, compacted: state.compacted, ends: [] });
      state.compacted = undefined;
    } else if (event.type === "context.compacted") {
      // A large result is shown by its ends wherever there is one, however much room there is.
      if (event.reason !== "large_result") state.compacted = event.seq;
    } else if (event.type === "tool.completed") {
      const place = state.turns.findLastIndex(({ answer }) => answer.turn === event.turn);
      const turn = state.turns[place];
      if (turn === undefined) return;
      turn.ends.push(event);
      noteFind(state, turn, place, event);
    }
  };
  return { state, add };
});

function noteFind(
  { finders, reads }: Told,
  turn: RawTurn,
  place: number,
  end: EventOf<"tool.completed">,
): void {
  const { key, gist } = printsOf(end, argumentsOf(turn, end.index));
  const find = findOf(end.toolName, key, gist, reads);
  finders.set(find, [place, finders.get(find)?.[0] ?? -1]);
}

/**
 * The turns of a run since a person last said something, up to `throughSeq`: what a person says
 * changes what there is to do, and doing it again may be just what was asked for.
 * @param mostTurns the last so many, so that a long run does not cost more with each turn
 */
export function historyOf(
  events: readonly StoredEvent[],
  throughSeq: number,
  mostTurns: number,
): readonly PastTurn[] {
  const { turns, reads } = told(events, throughSeq, ownerOf(events));
  return readTurns(turns.slice(-mostTurns), reads);
}

/**
 * Whether every call of the last turn has certainly found something that the turns before it had
 * not, which takes no look at all of them.
 */
export function isAllNew(
  events: readonly StoredEvent[],
  throughSeq: number,
  mostTurns: number,
): boolean {
  const { turns, reads, finders } = told(events, throughSeq, ownerOf(events));
  const place = turns.length - 1;
  const turn = turns[place];
  if (turn === undefined || turn.ends.length === 0) return false;
  const oldest = Math.max(0, turns.length - mostTurns);
  return turn.ends.every((end) => {
    const { key, gist, error } = printsOf(end, argumentsOf(turn, end.index));
    const [last, before] = finders.get(findOf(end.toolName, key, gist, reads)) ?? [-1, -1];
    return error === null && last === place && before < oldest;
  });
}

/** What a read says counts by itself: to find the same nothing with other words is no news. */
function findOf(toolName: string, key: string, gist: string, reads: ReadonlySet<string>): string {
  return `${isReadOnly(toolName, reads) ? toolName : key} ${gist}`;
}

/** Handing work over changes nothing by itself; the one who does the work may. */
function isReadOnly(toolName: string, reads: ReadonlySet<string>): boolean {
  return reads.has(toolName) && toolName !== delegateName;
}

function argumentsOf({ answer }: RawTurn, index: number): string {
  return answer.parts.filter((part) => part.type === "tool_call")[index]?.argumentsText ?? "";
}

/** Whether a person said something, which is a new beginning. */
export function isFromPerson(event: StoredEvent): boolean {
  return event.type === "message.user" && event.from !== "engine";
}

type Prints = Pick<PastCall, "key" | "outcome" | "gist" | "error">;

/** A call is looked at again in each of the next turns, and says the same each time. */
const printed = new WeakMap<EventOf<"tool.completed">, Prints>();

function printsOf(end: EventOf<"tool.completed">, argumentsText: string): Prints {
  const before = printed.get(end);
  if (before !== undefined) return before;
  const { toolName, isError } = end;
  const content = toolName === delegateName ? withoutEnding(end.content) : end.content;
  const prints = {
    key: callKey(toolName, argumentsText),
    outcome: sha256(`${isError} ${content}`),
    gist: gistOf(`${isError} ${content}`),
    error: isError ? errorGist(toolName, argumentsText, content) : null,
  };
  printed.set(end, prints);
  return prints;
}

function readTurns(turns: readonly RawTurn[], reads: ReadonlySet<string>): readonly PastTurn[] {
  const known = new Set<string>();
  const lastOf = new Map<string, Pick<PastCall, "outcome" | "gist" | "error">>();
  let place = 0;
  return turns.map(({ answer, compacted, ends }) => {
    const asked = answer.parts.filter((part) => part.type === "tool_call");
    const inOrder = ends.toSorted((left, right) => left.index - right.index);
    const calls = inOrder.map((end) => {
      const { toolName, seq } = end;
      const { key, ...own } = printsOf(end, asked[end.index]?.argumentsText ?? "");
      // A refusal says nothing new about the call: the loop is the one that it was.
      const refused = end.error?.code === "agents.stuck_call" ? lastOf.get(key) : undefined;
      const result = refused ?? own;
      lastOf.set(key, result);
      const readOnly = isReadOnly(toolName, reads);
      const found = findOf(toolName, key, result.gist, reads);
      const isNew = result.error === null && !known.has(found);
      known.add(found);
      const news = isNew ? (readOnly ? "knowledge" : "change") : null;
      const call: PastCall = { seq, place, toolName, key, reads: readOnly, ...result, news };
      place += 1;
      return call;
    });
    return { seq: answer.seq, compacted, calls };
  });
}
