import * as fc from "fast-check";
import { expect, test } from "vitest";
import { carriedFold } from "../context/carried.ts";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import { eventsOfAgent } from "./scope.ts";
import { activeMs, foldRun, totalsOf } from "./state.ts";
import { historyOf } from "./stuck/history.ts";
import { loopsOf } from "./stuck/detectors.ts";
import { findStuck, noticeBefore } from "./stuck/notice.ts";
import { thresholdOf } from "./stuck/thresholds.ts";

const usage = {
  inputTokens: 10,
  cachedInputTokens: 4,
  outputTokens: 5,
  reasoningTokens: 0,
  estimated: false,
};
const decision = { effect: "allow", ruleId: "t/x" } as const;
const failed = { code: "test.failed", message: "It failed.", retryable: false };

/** What may happen next to one agent. */
type Happens =
  | { readonly kind: "said"; readonly by: "person" | "engine" }
  | { readonly kind: "turn"; readonly calls: readonly Called[]; readonly fails: boolean }
  | { readonly kind: "parked" }
  | { readonly kind: "opened"; readonly reads: boolean };
interface Called {
  readonly tool: string;
  readonly word: string;
  readonly found: string;
  readonly isError: boolean;
}

const called = fc.record({
  tool: fc.constantFrom("look", "note"),
  word: fc.constantFrom("a", "b", "c"),
  found: fc.constantFrom("one", "two", "three", "four", "five"),
  isError: fc.integer({ min: 0, max: 3 }).map((one) => one === 0),
});
const turn = fc.record({
  kind: fc.constant("turn" as const),
  calls: fc.array(called, { maxLength: 3 }),
  fails: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
});
const happens: fc.Arbitrary<Happens> = fc.oneof(
  { arbitrary: turn, weight: 8 },
  fc.record({
    kind: fc.constant("said" as const),
    by: fc.constantFrom("person" as const, "engine" as const),
  }),
  fc.constant({ kind: "parked" as const }),
  fc.record({ kind: fc.constant("opened" as const), reads: fc.boolean() }),
);
const paths = [undefined, "1.0", "1.0/2.0", "1.1"] as const;
/** Who acts, what happens, and how long after the event before. */
const story = fc.array(fc.tuple(fc.constantFrom(...paths), happens, fc.nat(5_000)), {
  maxLength: 60,
});

/** One agent that does much the same again and again. */
const narrow = fc.array(
  fc
    .oneof(
      { arbitrary: fc.constant({ kind: "said" as const, by: "engine" as const }), weight: 1 },
      {
        arbitrary: fc
          .array(fc.constantFrom("one", "two"), { minLength: 1, maxLength: 2 })
          .map((found) => ({
            kind: "turn" as const,
            fails: false,
            calls: found.map((one) => ({ tool: "look", word: "a", found: one, isError: false })),
          })),
        weight: 9,
      },
    )
    .map((one) => [undefined, one, 1] as const),
  { maxLength: 30 },
);

const opened = (reads: boolean): NewEvent => ({
  type: "session.opened",
  tools: ["look", "note"].map((name) => {
    const effect = name === "look" && reads ? ("read" as const) : ("write" as const);
    return { name, source: "test", effect, repeat: "safe" as const, digest: name };
  }),
  skills: [],
  notices: [],
});

/** The log that a story leaves. */
function logOf(told: readonly (readonly [string | undefined, Happens, number])[]): StoredEvent[] {
  const events: StoredEvent[] = [];
  const turns = new Map<string | undefined, number>();
  let at = 0;
  const append = (agentPath: string | undefined, event: NewEvent): void => {
    const scope = agentPath === undefined ? {} : { agentPath };
    events.push({ ...scope, ...event, seq: events.length + 1, runId: "r", at });
  };
  append(undefined, opened(true));
  for (const [agentPath, one, afterMs] of told) {
    at += afterMs;
    if (one.kind === "opened") append(undefined, opened(one.reads));
    else if (one.kind === "parked") {
      append(agentPath, { type: "run.parked", approvalId: "a", toolName: "note", message: "?" });
    } else if (one.kind === "said") {
      const from = one.by === "engine" ? { from: "engine" as const } : {};
      append(agentPath, { type: "message.user", text: "Words.", ...from });
    } else {
      const number = (turns.get(agentPath) ?? 0) + 1;
      turns.set(agentPath, number);
      append(agentPath, { type: "turn.started", turn: number, toolsOffered: true });
      const spent = { costMicroUsd: number % 3 === 0 ? null : 7, attempts: 1, durationMs: 1 };
      if (one.fails) {
        append(agentPath, {
          type: "turn.failed",
          turn: number,
          error: failed,
          tokens: 3,
          ...spent,
        });
        continue;
      }
      append(agentPath, {
        type: "turn.completed",
        turn: number,
        parts: [
          { type: "text", text: `turn ${number}` },
          ...one.calls.map(({ tool, word }, index) => ({
            type: "tool_call" as const,
            toolCallId: `c${index}`,
            toolName: tool,
            argumentsText: JSON.stringify({ word }),
          })),
        ],
        usage,
        effort: "medium",
        decision,
        finishReason: "stop",
        callId: "x",
        ...spent,
      });
      for (const [index, { tool, found, isError }] of [...one.calls.entries()].toReversed()) {
        append(agentPath, {
          type: "tool.completed",
          turn: number,
          index,
          toolCallId: `c${index}`,
          toolName: tool,
          content: found,
          isError,
          decision,
          attempts: 1,
          durationMs: 1,
        });
      }
    }
  }
  return events;
}

/** Everything that a step of a run works out from its past. */
function workedOut(log: readonly StoredEvent[], throughSeq: number, agentPath?: string) {
  const scope = agentPath === undefined ? {} : { agentPath };
  const own = eventsOfAgent(log, scope);
  return {
    own,
    state: foldRun(log, throughSeq, scope),
    totals: totalsOf(log, scope),
    activeMs: activeMs(log, 1_000_000),
    history: historyOf(own, throughSeq, 4),
    stuck: findStuck(own, throughSeq, 6),
    notice: noticeBefore(own, 3),
  };
}

test("what is carried on from step to step is what a fold of the whole log gives", () => {
  fc.assert(
    fc.property(
      story,
      fc.array(fc.tuple(fc.constantFrom(...paths), fc.double({ min: 0, max: 1, noNaN: true }))),
      (told, looks) => {
        const log = logOf(told);
        let length = 0;
        for (const [index, [agentPath, share]] of looks.entries()) {
          // The log grows from look to look; how far back one looks is any place of it.
          length = Math.min(log.length, length + Math.ceil((index % 4) * 3));
          const grown = log.slice(0, length);
          const through = Math.round(length * share);
          // Other objects are another log, of which nothing is kept.
          const fresh = structuredClone(grown);
          expect(workedOut(grown, through, agentPath)).toEqual(
            workedOut(fresh, through, agentPath),
          );
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("what is found without a look at all turns is what all detectors find", () => {
  fc.assert(
    fc.property(narrow, fc.integer({ min: 4, max: 9 }), (told, most) => {
      const log = eventsOfAgent(logOf(told), {});
      for (const { seq } of log) {
        const loops = loopsOf(historyOf(log, seq, 10 * most));
        const isTold = loops.some(({ kind, turns }) => turns >= thresholdOf(kind, most).warn);
        expect(findStuck(log, seq, most) !== undefined).toBe(isTold);
      }
    }),
    { numRuns: 150 },
  );
});

test("a fold goes on where its log has grown, and begins anew where it is another", () => {
  let added = 0;
  const seqs = carriedFold(() => {
    const state: number[] = [];
    const add = ({ seq }: StoredEvent): void => {
      added += 1;
      state.push(seq);
    };
    return { state, add };
  });
  const all = Number.MAX_SAFE_INTEGER;
  const log = logOf([
    [undefined, { kind: "parked" }, 1],
    ["1.0", { kind: "parked" }, 1],
  ]);
  expect(seqs(log.slice(0, 2), all, undefined)).toEqual([1, 2]);
  expect(seqs(log, all, undefined)).toEqual([1, 2, 3]);
  expect(added).toBe(3);
  expect(seqs(log, 1, undefined)).toEqual([1]);
  const [first, second, third] = log;
  if (first === undefined || second === undefined || third === undefined)
    throw new Error("The log is too short.");
  expect(seqs([first, third], all, undefined)).toEqual([1, 3]);
  expect(seqs([first, third, second], all, undefined)).toEqual([1, 3, 2]);
  expect(seqs([first, second, third], all, undefined)).toEqual([1, 2, 3]);
  expect(seqs([], all, undefined)).toEqual([]);
});
