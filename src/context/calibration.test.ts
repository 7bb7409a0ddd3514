import { expect, test } from "vitest";
import type { NewEvent } from "../events/event.ts";
import { asTheirs, calibrationOf, type Size } from "./calibration.ts";
import { growingLog, turnEvents, usageOf } from "./log.fixture.ts";

const nothing = { words: 1, calls: [], said: [], fails: false };
const all = Number.MAX_SAFE_INTEGER;

/** A run of which only the counts are of interest. */
function counted(
  sizes: readonly Size[],
  theirs: (size: Size, place: number) => number,
  estimated = false,
) {
  const log = growingLog();
  log.add(
    ...sizes.flatMap((prompt, place) =>
      turnEvents(place + 1, nothing).map(
        (event): NewEvent =>
          event.type === "turn.completed"
            ? { ...event, prompt, usage: usageOf(Math.round(theirs(prompt, place)), estimated) }
            : event,
      ),
    ),
  );
  return calibrationOf(log.events, all, undefined);
}

const growing = Array.from({ length: 12 }, (_none, place): Size => {
  return { tokens: 1_000 + place * 150 + ((place * 37) % 90), pieces: 5 + place * 3 };
});
const off = (estimate: number, real: number): number => Math.abs(estimate / real - 1);

test("without a report our own count stands", () => {
  const calibration = calibrationOf(growingLog().events, all, undefined);
  expect(asTheirs(calibration, { tokens: 700, pieces: 9 })).toBe(700);
});

test("a provider that counts a fifth more is believed after one report", () => {
  const theirs = ({ tokens }: Size): number => tokens * 1.2;
  const calibration = counted([{ tokens: 5_000, pieces: 20 }], theirs);
  const next = { tokens: 6_000, pieces: 26 };
  expect(off(asTheirs(calibration, next), theirs(next))).toBeLessThan(0.01);
});

test("what stands around each message is told from its text, so that a compaction is foreseen", () => {
  const theirs = ({ tokens, pieces }: Size): number => 90 + tokens * 1.05 + pieces * 22;
  const calibration = counted(growing, theirs);
  const after = { tokens: 900, pieces: 8 };
  expect(off(asTheirs(calibration, after), theirs(after))).toBeLessThan(0.03);
});

test("a small first request with much around it does not make every later one seem large", () => {
  const calibration = counted([{ tokens: 100, pieces: 1 }], ({ tokens }) => tokens + 600);
  const next = { tokens: 10_000, pieces: 3 };
  expect(asTheirs(calibration, next)).toBeLessThan(10_700 * 1.5);
});

test("another count in mid-run is met within three turns", () => {
  const theirs = ({ tokens }: Size, place: number): number => tokens * (place < 8 ? 1 : 1.2);
  const calibration = counted(growing, theirs);
  const next = { tokens: 2_900, pieces: 41 };
  expect(off(asTheirs(calibration, next), next.tokens * 1.2)).toBeLessThan(0.05);
});

test("counts that are our own teach nothing", () => {
  expect(counted(growing, () => 9_999, true).theirs).toBe(0);
});

test("a model that stands in and says nothing of its count is not held to the other's", () => {
  const log = growingLog();
  for (const [turn, model, theirs] of [
    [1, "a", 5_000],
    [2, "b", 0],
  ] as const) {
    for (const event of turnEvents(turn, nothing)) {
      if (event.type !== "turn.completed") continue;
      const usage = usageOf(theirs, theirs === 0);
      log.add({ ...event, model, prompt: { tokens: 4_000, pieces: 9 }, usage });
    }
  }
  const calibration = calibrationOf(log.events, all, undefined);
  expect(asTheirs(calibration, { tokens: 4_100, pieces: 11 })).toBe(4_100);
});
