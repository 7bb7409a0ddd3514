import {
  type GrowingLog,
  growingLog,
  nextPrompt,
  type RandomTurn,
  turnEvents,
} from "../src/context/log.fixture.ts";
import { windowOf } from "../src/context/window.ts";
import { Agent33Error } from "../src/base/errors.ts";
import { loadTokenCounter, type TokenCounter } from "../src/models/tokens.ts";
import type { Survey } from "./benchmark.ts";
import { columnsOf, type FindingsTable } from "./results.ts";
import { median } from "./statistics.ts";

const pasts = { full: [0, 1_000, 10_000], quick: [0, 200] } as const;
/** Turns that are shown as they were: an answer and its results each, so 200 messages. */
const shownTurns = 100;
/** Turns of one reading. */
const batch = 40;

const turnPlan: RandomTurn = {
  words: 20,
  calls: [{ tool: "read_file", argumentWords: 10, resultWords: 60, ran: true }],
  said: [],
  fails: false,
};

const window = windowOf({}, { contextTokens: 200_000, maxOutputTokens: 8_000 });

/** What it costs to fit a conversation into its window, once a turn. */
export const contextSurvey: Survey = {
  run: async ({ rounds, quick, progress }) => {
    const tokens = await loadTokenCounter();
    const carried: FindingsTable["rows"][number][] = [];
    for (const past of pasts[quick ? "quick" : "full"]) {
      progress(`after ${past} turns`);
      carried.push({ name: `${past} turns before`, figures: fitting(past, rounds, tokens, false) });
    }
    progress("anew in each turn");
    const anew = fitting(0, Math.min(rounds, 3), tokens, true);
    const table: FindingsTable = {
      title: "Fitting a conversation of 200 messages, once a turn",
      of: "log",
      columns: columnsOf({ cpu: "CPU µs a turn", most: "slowest reading, CPU µs" }),
      rows: [...carried, { name: "0 turns before, folded and counted anew", figures: anew }],
    };
    const first = carried[0]?.figures["cpu"] ?? Number.NaN;
    const last = carried.at(-1)?.figures["cpu"] ?? Number.NaN;
    return {
      facts: [
        `${shownTurns} turns of an answer, a call and its result are shown; the turns before them stand in a summary.`,
        "A turn: its events are added, the log is folded, the prompt counted, fitted and rendered.",
      ],
      tables: [table],
      goals: [
        {
          what: "times the cost after the longest past, beside none",
          better: "less",
          goal: 1.5,
          reached: last / first,
        },
      ],
      notes: [
        "Without the model call, the request's own count for budgets, and the store.",
        "Anew: as it would be if nothing were carried from turn to turn.",
      ],
    };
  },
};

function fitting(past: number, rounds: number, tokens: TokenCounter, anew: boolean) {
  const log = logAfter(past);
  let turn = past + shownTurns;
  const readings: number[] = [];
  // The first fold of a log is that of a process that takes a run up; it is no turn's cost.
  expectFits(log, turn + 1, tokens);
  for (let round = 0; round < rounds; round += 1) {
    const turns = anew ? 3 : batch;
    let spent = 0;
    for (let place = 0; place < turns; place += 1) {
      turn += 1;
      const read = anew ? { ...log, events: structuredClone(log.events) } : log;
      const before = process.cpuUsage();
      read.add(...turnEvents(turn, turnPlan));
      expectFits(read, turn + 1, tokens);
      const { user, system } = process.cpuUsage(before);
      spent += user + system;
    }
    readings.push(spent / turns);
    if (!anew) cutTo(log, turn);
  }
  return { cpu: median(readings), most: Math.max(...readings) };
}

/** A log with so many turns in a summary and the shown ones after it. */
function logAfter(past: number): GrowingLog {
  const log = growingLog();
  log.add({ type: "message.user", text: "Go through the papers." });
  for (let turn = 1; turn <= past + shownTurns; turn += 1) log.add(...turnEvents(turn, turnPlan));
  if (past > 0) cutTo(log, past + shownTurns);
  return log;
}

/** Summarises all but the newest turns, so that each reading begins with as many. */
function cutTo(log: GrowingLog, turn: number): void {
  log.add({
    type: "context.compacted",
    turn,
    reason: "full",
    beforeTokens: 0,
    afterTokens: 0,
    roomTokens: 0,
    offloaded: [],
    clearedThrough: 0,
    keptTurns: shownTurns,
    summary: {
      throughTurn: turn - shownTurns,
      text: "## Done\nAll so far.",
      by: "model",
      files: { changed: [], read: [] },
    },
  });
}

function expectFits(log: GrowingLog, turn: number, tokens: TokenCounter): void {
  const { fits, messages } = nextPrompt(log, turn, window, tokens);
  if (fits && messages.length >= 2 * shownTurns) return;
  throw new Agent33Error("bench.unfair", "The conversation that is fitted is not the one meant.");
}
