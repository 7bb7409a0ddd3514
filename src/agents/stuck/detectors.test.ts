import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plantedLoop, plantedReads } from "../../../test/support/planted-loops.ts";
import { type PlayedCall, type PlayedTurn, playRun } from "../../../test/support/played-run.ts";
import { stuckKinds } from "../../events/event.ts";

const call = (
  tool: string,
  args: Readonly<Record<string, unknown>>,
  content: string,
  isError = false,
): PlayedCall => ({ tool, argumentsText: JSON.stringify(args), content, isError });
const look = (path: string, content = `what ${path} says`) => call("look", { path }, content);
const write = (text: string, content = "ok") => call("write", { text }, content);
const run = (command: string, content: string) => call("run", { command }, content, true);

/** So many turns, each with the calls that `of` gives for its number. */
const turns = (count: number, of: (turn: number) => readonly PlayedCall[]): PlayedTurn[] =>
  Array.from({ length: count }, (_none, turn) => ({ calls: of(turn) }));
const play = (played: readonly PlayedTurn[]) => playRun(played, plantedReads);
const noticed = (played: readonly PlayedTurn[]) =>
  play(played).notices.map(({ kind, turns: length, before }) => [kind, length, before]);

describe("a planted loop", () => {
  test.each(stuckKinds)("of the kind %s is warned of, and stopped within 6 turns", (kind) => {
    fc.assert(
      fc.property(plantedLoop(kind), (planted) => {
        const { stop, turns: played, notices } = play(planted.turns);
        expect(stop?.kind).toBe(kind);
        expect(played - planted.healthy).toBeLessThanOrEqual(6);
        expect(notices.length).toBeGreaterThanOrEqual(2);
        expect(Math.min(...notices.map(({ before }) => before))).toBeGreaterThan(
          planted.healthy + 2,
        );
      }),
      { numRuns: 60 },
    );
  });

  test("of a conversation that is made smaller in each turn is none where something new is read", () => {
    const page = (turn: number) => ({ compacted: true as const, calls: [look(`page-${turn}`)] });
    const { stop, notices } = play(Array.from({ length: 20 }, (_none, turn) => page(turn)));
    expect([stop, notices]).toEqual([undefined, []]);
  });

  test("of files that push each other out of view is proven by what was taken out", () => {
    const files = Array.from({ length: 20 }, (_none, turn) => ({
      compacted: true as const,
      calls: [look(`file-${turn % 4}`)],
    }));
    const { stop, turns: played, events } = play(files);
    expect([stop?.kind, played]).toEqual(["condensation", 10]);
    const shown = events.filter(({ seq }) => stop?.evidence.includes(seq));
    expect(shown.map(({ type }) => type)).toEqual(Array(6).fill("context.compacted"));
    // The same without a word of it is a loop of four calls, which nothing sees.
    expect(play(files.map(({ calls }) => ({ calls }))).stop).toBeUndefined();
  });

  test("is proven by the events of its calls", () => {
    const { stop, events } = play(turns(9, () => [look("a")]));
    expect(stop).toMatchObject({ reason: "stuck", kind: "repeat", turns: 6 });
    const shown = events.filter(({ seq }) => stop?.evidence.includes(seq));
    expect(shown).toHaveLength(6);
    expect(new Set(shown.map(({ type }) => type))).toEqual(new Set(["tool.completed"]));
  });

  test("is seen behind a first call that differs in each turn", () => {
    const { stop } = play(
      turns(9, (turn) => [call("search", { words: turn }, "nothing"), look("a")]),
    );
    expect(stop?.kind).toBe("repeat");
  });

  test("of one tool that fails in every turn is seen, whatever succeeds beside it", () => {
    const { stop, notices } = play(
      turns(9, (turn) => [look("a"), run(`make ${turn}`, "no compiler"), look("b")]),
    );
    expect(notices.map(({ kind }) => kind)).toContain("repeat");
    expect(stop).toBeDefined();
    const fresh = turns(9, (turn) => [look(`${turn}`), run(`make ${turn}`, "no compiler")]);
    expect(noticed(fresh).slice(0, 2)).toEqual([
      ["same_error", 3, 4],
      ["same_error", 4, 5],
    ]);
  });
});

describe("no loop is", () => {
  test.each<[string, readonly PlayedTurn[]]>([
    ["looking at many things", turns(12, (turn) => [look(`file ${turn}`)])],
    ["writing many things", turns(12, (turn) => [write(`line ${turn}`)])],
    [
      "a test that fails the same way after each different change",
      turns(12, (turn) => (turn % 2 === 0 ? [write(`${turn}`)] : [run("test", "1 failed")])),
    ],
    [
      "the same in one turn",
      turns(12, (turn) => [write(`change ${turn}`), run("test", "1 failed")]),
    ],
    [
      "pressing the same key while the screen changes",
      turns(12, (turn) => [write("down"), look("screen", `page ${turn}`)]),
    ],
    ["waiting for what gets on", turns(12, (turn) => [look("job", `${turn * 5} % done`)])],
    ["doing the same twice", turns(2, () => [look("a")])],
    [
      "doing what a person asks for each time",
      turns(12, () => [look("a")]).map((turn) => ({ ...turn, said: "Look again." })),
    ],
    [
      "talking with a person",
      turns(12, () => []).map((turn, index) => ({ ...turn, said: `Question ${index}` })),
    ],
  ])("%s", (_what, played) => {
    const { notices, stop } = play(played);
    expect(notices).toEqual([]);
    expect(stop).toBeUndefined();
  });

  test("a call that is asked for again each time while the run gets on: it is refused, not the end", () => {
    const {
      notices,
      stop,
      turns: played,
    } = play(turns(12, (turn) => [look("list"), look(`item ${turn}`)]));
    expect(notices.at(-1)).toMatchObject({ kind: "repeat", refused: [expect.any(String)] });
    expect(stop).toBeUndefined();
    expect(played).toBe(12);
  });
});

describe("two runs of the same calls are told apart", () => {
  test("arguments in another order and spelling are the same call", () => {
    const spellings = ['{"a":1,"b":2}', '{ "b": 2, "a": 1 }'];
    const odd = turns(9, (turn) => [
      { tool: "look", argumentsText: spellings[turn % 2] ?? "", content: "x", isError: false },
    ]);
    expect(play(odd).stop?.kind).toBe("repeat");
  });

  test("another result of the same call is not the same, unless only its times differ", () => {
    expect(noticed(turns(8, (turn) => [look("a", `count ${turn}`)]))).toEqual([]);
    const clock = turns(8, (turn) => [look("a", `idle at 2026-01-02 03:04:0${turn}`)]);
    expect(play(clock).stop?.kind).toBe("polling");
  });

  test("a look through one other call in between is polling, after six looks", () => {
    const waiting = turns(14, (turn) => [
      turn % 2 === 0 ? call("list", { turn }, "empty") : call("status", {}, "queued"),
    ]);
    expect(play(waiting)).toMatchObject({ stop: { kind: "polling", turns: 6 }, turns: 12 });
  });

  test("a loop that a change interrupts begins afresh", () => {
    const loop = turns(3, () => [look("a")]);
    const changed = { calls: [write("better"), look("a")] };
    expect(noticed([...loop, changed, ...turns(2, () => [look("a")])])).toEqual([["repeat", 3, 4]]);
  });
});
