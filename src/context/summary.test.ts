import { describe, expect, test } from "vitest";
import { loadTokenCounter } from "../models/tokens.ts";
import { conversationOf } from "./conversation.ts";
import { growingLog, type RandomTurn, turnEvents } from "./log.fixture.ts";
import { type SummaryRequest, summaryFromLog, summaryOf, summaryQuestion } from "./summary.ts";
import { touchedFilesOf } from "./touched-files.ts";

const tokens = await loadTokenCounter();
const all = Number.MAX_SAFE_INTEGER;
const busy: RandomTurn = {
  words: 50,
  calls: [{ tool: "write_file", argumentWords: 200, resultWords: 1_000, ran: true }],
  said: [],
  fails: false,
};

function logOf(turns: number) {
  const log = growingLog();
  log.add({ type: "message.user", text: "Put the papers in order." });
  for (let turn = 1; turn <= turns; turn += 1) log.add(...turnEvents(turn, busy));
  return log.events;
}

function requestOf(turns: number, more: Partial<SummaryRequest> = {}): SummaryRequest {
  const conversation = conversationOf(logOf(turns), all, undefined);
  return {
    conversation,
    exchanges: conversation.exchanges,
    previous: undefined,
    mostTokens: 3_000,
    summaryTokens: 500,
    tokens,
    ...more,
  };
}

describe("the question for a summary", () => {
  test.each([1, 10, 40])("of %i large turns fits into its room", (turns) => {
    const question = summaryQuestion(requestOf(turns));
    expect(tokens.request({ ...question, maxOutputTokens: 0 })).toBeLessThanOrEqual(3_000);
    const text = JSON.stringify(question.messages);
    expect(text).toContain(`# Turn ${turns}\\n`);
    // What there is no room for is said to be missing.
    expect(text.includes("are left out")).toBe(!text.includes("# Turn 1\\n"));
  });

  test("has the record so far and the turns since, whatever was summarised before", () => {
    const previous = {
      throughTurn: 3,
      text: "## Done\nthree papers",
      by: "model" as const,
      files: { changed: [], read: [] },
    };
    const text = JSON.stringify(summaryQuestion(requestOf(2, { previous })).messages);
    expect(text).toContain("three papers");
    expect(text).toContain("# Turn 2");
  });
});

describe("a record from the log", () => {
  test("names the newest turns and results, and stays within its room after many of them", () => {
    let previous: SummaryRequest["previous"];
    for (let round = 1; round <= 4; round += 1) {
      const request = requestOf(30, { previous });
      const files = touchedFilesOf(logOf(30), all, undefined);
      previous = summaryOf(summaryFromLog(request), { throughTurn: 30, by: "log" }, files, request);
      const { changed, read } = previous.files;
      const size = tokens.text([previous.text, ...changed, ...read].join("\n"));
      expect(size).toBeLessThanOrEqual(500);
      expect(previous.text).toContain("write_file");
    }
    expect(previous?.files.changed[0]).toBe("f30");
  });
});
