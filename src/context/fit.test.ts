import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadTokenCounter } from "../models/tokens.ts";
import {
  faultsOf,
  growingLog,
  nextPrompt,
  type Prompt,
  randomTurn,
  turnEvents,
} from "./log.fixture.ts";
import { windowOf } from "./window.ts";

const tokens = await loadTokenCounter();
const goal = "Bring the ledger in order, and change nothing that is signed.";

/** A run through a window, with the prompt before each of its turns. */
function play(turns: readonly Parameters<typeof turnEvents>[1][], windowTokens: number) {
  const window = windowOf({}, { contextTokens: windowTokens, maxOutputTokens: 500 });
  const log = growingLog();
  log.add({ type: "message.user", text: goal });
  const prompts: { readonly prompt: Prompt; readonly compactions: number }[] = [];
  for (const [place, turn] of turns.entries()) {
    const prompt = nextPrompt(log, place + 1, window, tokens);
    const compactions = log.events.filter(({ type }) => type === "context.compacted").length;
    prompts.push({ prompt, compactions });
    if (!prompt.fits) break;
    log.add(...turnEvents(place + 1, turn));
  }
  return { log, prompts, window, most: window.tokens - window.reserveTokens };
}

const randomRun = fc.record({
  turns: fc.array(randomTurn, { minLength: 1, maxLength: 60 }),
  windowTokens: fc.integer({ min: 2_000, max: 20_000 }),
});

describe("whatever a run says and does", () => {
  test("its prompts are valid, begin with the goal, and are within the room or plainly not", () => {
    fc.assert(
      fc.property(randomRun, ({ turns, windowTokens }) => {
        const { prompts, most } = play(turns, windowTokens);
        for (const { prompt } of prompts) {
          expect(faultsOf(prompt.messages)).toEqual([]);
          expect(prompt.messages[0]).toEqual({ role: "user", text: goal });
          if (prompt.fits) expect(prompt.tokens).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("what persons said and skills that were loaded are in every prompt from then on", () => {
    fc.assert(
      fc.property(randomRun, ({ turns, windowTokens }) => {
        const { prompts } = play(turns, windowTokens);
        for (const [place, { prompt }] of prompts.entries()) {
          const text = JSON.stringify(prompt.messages);
          for (const { said, fails } of turns.slice(0, place)) {
            if (fails) continue;
            for (const { words, byPerson } of said) {
              if (byPerson) expect(text).toContain(`please${words - 1}`);
            }
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  test("a prompt is the beginning of the next one until something is decided", () => {
    fc.assert(
      fc.property(randomRun, ({ turns, windowTokens }) => {
        const { prompts } = play(turns, windowTokens);
        for (const [place, { prompt, compactions }] of prompts.entries()) {
          const next = prompts[place + 1];
          if (next === undefined || next.compactions !== compactions) continue;
          expect(next.prompt.messages.slice(0, prompt.messages.length)).toEqual(prompt.messages);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("who folds the log anew sees the same prompt, and nothing more to decide", () => {
    fc.assert(
      fc.property(randomRun, ({ turns, windowTokens }) => {
        const { log, prompts, window } = play(turns, windowTokens);
        const last = prompts.at(-1)?.prompt;
        if (last?.fits !== true) return;
        // Up to the last prompt, as another process reads it: other objects, the same log.
        const answer = log.events.findLastIndex(
          ({ type }) => type === "turn.completed" || type === "turn.failed",
        );
        const read = structuredClone(log.events.slice(0, answer));
        const again = growingLog();
        again.events.push(...read);
        const anew = nextPrompt(again, prompts.length, window, tokens);
        expect(anew.messages).toEqual(last.messages);
        expect(again.events).toHaveLength(read.length);
      }),
      { numRuns: 20 },
    );
  });
});
