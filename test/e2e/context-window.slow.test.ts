import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { insideOf } from "../../src/base/outside.ts";
import { eventsOf } from "../support/engine.ts";
import type { Behaviour } from "../support/openai-server.ts";
import {
  type LongRun,
  type LongRunPlan,
  looksAt,
  passage,
  type SeenRequest,
  startLongRun,
  wireFaults,
} from "../support/long-run.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const goal = "Reconcile the archive of 1911, folio by folio.";

async function started(plan: Partial<LongRunPlan>): Promise<LongRun> {
  const run = await startLongRun({
    turn: looksThrough(20),
    look: (what) => passage(Number(what), 500),
    ...plan,
  });
  closing.push(run.close);
  return run;
}

/** A model that looks at one thing after the other, and is done. */
const looksThrough =
  (turns: number): LongRunPlan["turn"] =>
  ({ index }) =>
    index === turns ? { kind: "turn", text: "Done." } : looksAt(index, String(index));

function drive({ made }: LongRun, text = goal) {
  return made.run([], {
    task: { kind: "text", text, workspace: made.folder },
    model: "openai-compatible:counted",
  });
}

const refusal = (tokens: number, window: number): Behaviour => ({
  kind: "status",
  status: 400,
  code: "context_length_exceeded",
  message: `This model's maximum context length is ${window} tokens. However, your messages resulted in ${tokens} tokens.`,
});

describe("a window that is smaller than was thought", () => {
  test("is learnt from the first refusal: the turn is made smaller, asked again, and no other is refused", async () => {
    const window = 6_000;
    let answered = 0;
    const run = await started({
      turn: ({ tokens }) => {
        if (tokens > window) return refusal(tokens, window);
        answered += 1;
        return answered === 14
          ? { kind: "turn", text: "Done." }
          : looksAt(answered, String(answered));
      },
    });
    const { events, outcome } = await drive(run);
    expect(outcome).toBe("unverified");
    const failed = eventsOf(events, "turn.failed");
    expect(failed.map(({ overflow }) => overflow?.contextTokens)).toEqual([window]);
    const decided = eventsOf(events, "context.compacted");
    expect(decided[0]).toMatchObject({ turn: (failed[0]?.turn ?? 0) + 1, reason: "overflow" });
    expect(decided.slice(1).map(({ reason }) => reason)).not.toContain("overflow");
    expect(decided.length).toBeGreaterThan(1);
    expect(run.requests.filter(({ tokens }) => tokens > window)).toHaveLength(1);
  });

  test("is learnt from a server that clips what it is sent and says nothing", async () => {
    const window = 5_000;
    let answered = 0;
    const clipped: number[] = [];
    const run = await started({
      // It counts what it has kept, and answers without the goal.
      counts: (tokens) => Math.min(tokens, window - 2_000 * Number(tokens > window)),
      turn: ({ tokens }) => {
        if (tokens > window) {
          clipped.push(tokens);
          return { kind: "turn", text: "What was I to do?" };
        }
        answered += 1;
        return answered === 10
          ? { kind: "turn", text: "Done." }
          : looksAt(answered, String(answered));
      },
    });
    const { events, outcome } = await drive(run);
    expect(outcome).toBe("unverified");
    expect(clipped).toHaveLength(1);
    expect(eventsOf(events, "turn.failed")).toMatchObject([
      { overflow: { contextTokens: 3_000 }, error: { code: "boundary.upstream_4xx" } },
    ]);
    // What it said without having read the goal is not taken for an answer, but was paid for.
    expect(eventsOf(events, "turn.failed")[0]?.tokens).toBeGreaterThan(3_000);
    expect(JSON.stringify(eventsOf(events, "turn.completed"))).not.toContain("What was I to do?");
  });

  test("is asked twice in a row, and then the run ends with the refusal", async () => {
    const run = await started({
      turn: ({ index, tokens }) =>
        index < 5 ? looksAt(index, String(index)) : refusal(tokens, 100_000),
    });
    const { events, outcome } = await drive(run);
    expect(outcome).toBe("failed");
    expect(eventsOf(events, "turn.failed")).toHaveLength(2);
    const [stopped] = eventsOf(events, "agent.stopped");
    expect(stopped?.stop).toMatchObject({ error: { code: "boundary.upstream_4xx" } });
  });

  test("than all that is never made smaller ends the run, which names that", async () => {
    const run = await started({ turn: ({ tokens }) => refusal(tokens, 400) });
    const { events, outcome } = await drive(run);
    expect(outcome).toBe("failed");
    expect(run.requests).toHaveLength(1);
    const [stopped] = eventsOf(events, "agent.stopped");
    expect(stopped?.stop).toMatchObject({ reason: "error", error: { code: "context.too_large" } });
  });
});

describe("a summary", () => {
  const settings = { "context.maxTokens": 4_000, "context.reserve": 500 };

  test("takes up the one before and the turns since, not itself alone", async () => {
    const run = await started({ settings, turn: looksThrough(32) });
    const { events, outcome } = await drive(run);
    expect(outcome).toBe("unverified");
    const summaries = run.requests.filter(({ isSummary }) => isSummary);
    expect(summaries.length).toBeGreaterThan(2);
    const [, second] = summaries.map(({ body }) => JSON.stringify(body.messages));
    expect(second).toContain("1 records so far");
    expect(second).toContain("# Turn ");
    const condensed = eventsOf(events, "condense.completed");
    expect(condensed).toHaveLength(summaries.length);
    const { totals } = eventsOf(events, "run.finished")[0] ?? {};
    const answers = [...eventsOf(events, "turn.completed"), ...condensed];
    const input = answers.reduce((sum, { usage }) => sum + usage.inputTokens, 0);
    expect(totals?.inputTokens).toBe(input);
  });

  test("that fails is made from the log, and the run goes on", async () => {
    const run = await started({
      settings,
      turn: looksThrough(20),
      summary: () => ({ kind: "status", status: 400, message: "no summaries today" }),
    });
    const { events, outcome } = await drive(run);
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "condense.failed").length).toBeGreaterThan(0);
    const [summary] = eventsOf(events, "context.compacted").flatMap(
      ({ summary: one }) => one ?? [],
    );
    expect(summary).toMatchObject({ by: "log", why: "boundary.upstream_4xx" });
    expect(summary?.text).toContain("peer__look");
    expect(run.requests.flatMap(({ body }) => wireFaults(body))).toEqual([]);
  });

  test("that is far too long is cut to its room", async () => {
    const run = await started({
      settings,
      turn: looksThrough(12),
      summary: () => ({ kind: "turn", text: passage(1, 6_000) }),
    });
    const { outcome } = await drive(run);
    expect(outcome).toBe("unverified");
    const asked = run.requests.filter(({ isSummary }) => !isSummary);
    expect(Math.max(...asked.map(({ tokens }) => tokens))).toBeLessThanOrEqual(3_500);
  });
});

describe("what is not shown", () => {
  test("is read again by the place that stands where it was", async () => {
    const long = passage(7, 9_000);
    const asks = (index: number, from: number): Behaviour => ({
      kind: "turn",
      toolCalls: [
        {
          id: `read_${index}`,
          name: "read_result",
          argumentsText: JSON.stringify({ result: "1.0", from, characters: 500 }),
        },
      ],
    });
    const run = await started({
      settings: { "context.maxTokens": 20_000 },
      look: () => long,
      turn: ({ index }) => {
        if (index === 0) return looksAt(0, "all");
        return index < 3 ? asks(index, index * 20_000) : { kind: "turn", text: "Done." };
      },
    });
    const { events } = await drive(run);
    const [offloaded] = eventsOf(events, "context.compacted");
    expect(offloaded).toMatchObject({ reason: "large_result", offloaded: [{ turn: 1, index: 0 }] });
    const results = eventsOf(events, "tool.completed");
    // Whole in the log, its ends in the prompt.
    expect(insideOf(results[0]?.content ?? "")).toBe(long);
    const [first, second] = run.requests;
    type WireTools = readonly { readonly function: { readonly name: string } }[];
    const names = (request: typeof first) =>
      ((request?.body["tools"] ?? []) as WireTools).map((tool) => tool.function.name);
    expect(names(first)).not.toContain("read_result");
    expect(names(second)).toContain("read_result");
    const shown = JSON.stringify(second?.body.messages);
    expect(shown).toContain(long.slice(0, 1_000));
    expect(shown).toContain(long.slice(-300));
    expect(shown).not.toContain(long.slice(25_000, 25_300));
    expect(results[1]?.content).toContain(long.slice(20_000, 20_500));
    expect(results[2]?.content).toContain(long.slice(40_000, 40_500));
    expect(results[1]?.content).toContain("Content from outside follows");
  });
});

describe("what is never made smaller", () => {
  test("and does not fit is named, and the run stops before it is sent", async () => {
    const run = await started({ settings: { "context.maxTokens": 3_000 } });
    const { events, outcome } = await drive(run, passage(3, 4_000));
    expect(outcome).toBe("failed");
    expect(run.requests).toEqual([]);
    const [stopped] = eventsOf(events, "agent.stopped");
    expect(stopped?.stop).toMatchObject({ reason: "error", error: { code: "context.too_large" } });
    expect(JSON.stringify(stopped?.stop)).toMatch(/fit: the goal \(\d+\)/);
  });

  test("a reserve that leaves nothing of the window is refused before the run begins", async () => {
    const run = await started({
      settings: { "context.maxTokens": 3_000, "context.reserve": 2_900 },
    });
    const { events, outcome } = await drive(run);
    expect(outcome).toBe("failed");
    expect(JSON.stringify(eventsOf(events, "run.finished")[0]?.stop)).toContain("context.no_room");
  });
});

test("an agent that works for another has a window of its own, as its definition says", async () => {
  const run = await started({
    turn: ({ body }) => {
      const isReader = JSON.stringify(body.messages[0]).includes("You read the folios");
      const answered = JSON.stringify(body.messages).includes("All are read.");
      if (!isReader) {
        const argumentsText = JSON.stringify({ agent: "reader", task: goal });
        return answered
          ? { kind: "turn", text: "Done." }
          : { kind: "turn", toolCalls: [{ id: "hand", name: "delegate", argumentsText }] };
      }
      read += 1;
      return read === 9 ? { kind: "turn", text: "All are read." } : looksAt(read, String(read));
    },
  });
  let read = 0;
  const about = { version: "1", instructions: "Work." };
  const write = (name: string, more: object) =>
    writeFileSync(join(run.made.folder, `${name}.yaml`), stringify({ name, ...about, ...more }));
  write("reader", { role: "You read the folios.", context: { maxTokens: 3_000, reserve: 300 } });
  write("lead", { role: "You lead.", agents: ["reader.yaml"] });
  const { events, outcome } = await run.made.run([], {
    task: { kind: "text", text: "Have it read.", workspace: run.made.folder },
    model: "openai-compatible:counted",
    agent: join(run.made.folder, "lead.yaml"),
  });
  expect(outcome).toBe("unverified");
  const decided = eventsOf(events, "context.compacted");
  expect(decided.some(({ summary }) => summary !== undefined)).toBe(true);
  expect(new Set(decided.map(({ agentPath }) => agentPath))).toEqual(new Set(["1.0"]));
  const isReaders = ({ body }: SeenRequest) =>
    !JSON.stringify(body.messages[0]).includes("You lead");
  const readers = run.requests.filter(isReaders);
  expect(readers.length).toBeGreaterThan(9);
  for (const { body } of readers) expect(JSON.stringify(body.messages)).toContain(goal);
});
