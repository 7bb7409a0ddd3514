import { afterEach, expect, test } from "vitest";
import { asTheirs, calibrationOf } from "../../src/context/calibration.ts";
import type { StoredEvent } from "../../src/events/event.ts";
import { eventsOf } from "../support/engine.ts";
import { type LongRun, looksAt, passage, startLongRun, wireFaults } from "../support/long-run.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const goal = "Reconcile the archive of 1911, folio by folio.";
const rule = "Never write into the red books.";
const windowTokens = 16_000;
const turns = 400;

const planned = (done: number) => ({
  kind: "turn" as const,
  toolCalls: [
    {
      id: `plan_${done}`,
      name: "update_plan",
      argumentsText: JSON.stringify({
        steps: [
          { step: "Read the folios", status: "in_progress" },
          { step: `Folios done: ${done}`, status: "done" },
        ],
      }),
    },
  ],
});

async function longRun(
  turns: number,
  counts: (tokens: number, turn: number) => number,
): Promise<LongRun> {
  const run = await startLongRun({
    settings: { "context.maxTokens": windowTokens },
    counts,
    turn: ({ index }) => {
      if (index === turns - 1) return { kind: "turn", text: "Done." };
      return index % 50 === 0 ? planned(index) : looksAt(index, `folio ${index}`);
    },
    look: (what, made) => {
      const folio = Number(what.split(" ")[1]);
      const [run] = made.engine.store.runs.list().items;
      if (folio === 20) made.engine.runs.send(run?.id ?? "", rule, "steering");
      return passage(folio, folio % 37 === 0 ? 4_000 : 120 + (folio % 9) * 20);
    },
  });
  closing.push(run.close);
  return run;
}

/** How far our count of a turn, as it was known before it, was from the provider's. Shares. */
function errors(events: readonly StoredEvent[]): readonly number[] {
  return eventsOf(events, "turn.completed").map(({ seq, prompt, usage }) => {
    const calibration = calibrationOf(events, seq - 1, undefined);
    const estimate = asTheirs(calibration, prompt ?? { tokens: 0, pieces: 0 });
    return Math.abs(estimate / usage.inputTokens - 1);
  });
}

test("four hundred turns go through a window of 16,000 tokens, each with goal, rule and plan, and none is refused", {
  timeout: 240_000,
}, async () => {
  const { made, requests } = await longRun(turns, (tokens) => tokens);
  const { events, outcome } = await made.run([], {
    task: { kind: "text", text: goal, workspace: made.folder },
    model: "openai-compatible:counted",
  });
  expect(outcome).toBe("unverified");
  const asked = requests.filter(({ isSummary }) => !isSummary);
  expect(asked).toHaveLength(turns);
  expect(asked.flatMap(({ body }) => wireFaults(body))).toEqual([]);
  const texts = asked.map(({ body }) => JSON.stringify(body.messages));
  expect(texts.filter((text) => !text.includes(goal))).toEqual([]);
  expect(texts.slice(21).filter((text) => !text.includes(rule))).toEqual([]);
  expect(texts.slice(1).filter((text) => !text.includes("Read the folios"))).toEqual([]);
  expect(Math.max(...requests.map(({ tokens }) => tokens))).toBeLessThanOrEqual(windowTokens);
  const compactions = eventsOf(events, "context.compacted");
  expect(compactions.filter(({ summary }) => summary?.by === "model").length).toBeGreaterThan(3);
  expect(eventsOf(events, "turn.failed")).toEqual([]);
  expect(Math.max(...errors(events))).toBeLessThan(0.05);
});

test("a provider that counts a fifth more is met within three turns, from the start and in mid-run", {
  timeout: 120_000,
}, async () => {
  for (const changesAt of [0, 30]) {
    const { made, requests } = await longRun(60, (tokens, turn) =>
      turn >= changesAt ? tokens * 1.2 : tokens,
    );
    const { events } = await made.run([], {
      task: { kind: "text", text: goal, workspace: made.folder },
      model: "openai-compatible:counted",
    });
    const off = errors(events);
    expect(off).toHaveLength(60);
    expect(Math.max(...off.slice(changesAt + 3))).toBeLessThan(0.05);
    expect(Math.max(...off.slice(2, changesAt))).toBeLessThan(0.05);
    expect(eventsOf(events, "context.compacted").length).toBeGreaterThan(1);
    expect(Math.max(...requests.map(({ tokens }) => tokens))).toBeLessThan(windowTokens / 1.2);
  }
});
