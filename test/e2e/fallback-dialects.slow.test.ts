import { afterEach, expect, test } from "vitest";
import { eventsOf, testEngine } from "../support/engine.ts";
import type { Dialect } from "../support/wire/dialect.ts";
import { anthropic } from "../support/wire/anthropic.ts";
import { dialects, turnsOf, wireServer } from "../support/wire/server.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const line = (text: string) => ({
  name: "append_line",
  arguments: { path: "notes.txt", line: text },
});
const script = turnsOf({
  name: "taken-over",
  turns: [
    { reasoning: "One line first.", text: "I note it.", tool_calls: [line("one")] },
    { reasoning: "And another.", tool_calls: [line("two"), line("three")] },
    { text: "Noted." },
  ],
});

async function serve(dialect: Dialect, decide: ReturnType<typeof turnsOf>) {
  const server = await wireServer(dialect, decide);
  closing.push(() => server.close());
  return server;
}

const chain = dialects.map((first, index) => ({
  first,
  second: dialects[(index + 1) % dialects.length] ?? first,
}));

test.each(chain)(
  "a run goes on with $second.name where $first.name has too much to do in its second turn",
  async ({ first, second }) => {
    const one = await serve(first, (before, ...rest) =>
      before === 0 ? script(before, ...rest) : { kind: "refusal", refusal: first.overloaded },
    );
    const two = await serve(second, script);
    const made = testEngine({ fallbacks: { [one.spec]: [two.spec] } }, undefined, {
      ...one.env,
      ...two.env,
    });
    closing.push(() => made.engine.close());
    const { events, outcome } = await made.run([], { model: one.spec });
    expect([...one.refusals, ...two.refusals]).toEqual([]);
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "turn.completed").map(({ model }) => model)).toEqual([
      one.spec,
      two.spec,
      two.spec,
    ]);
    expect(eventsOf(events, "model.fell_back")).toMatchObject([
      { from: one.spec, to: two.spec, error: { code: "boundary.upstream_5xx" } },
    ]);
  },
);

test.each(dialects)(
  "nobody stands in for $name once its answer has begun, whatever it says then",
  async (dialect) => {
    let broken = 0;
    const one = await serve(dialect, (...asked) => {
      const answer = script(...asked);
      if (answer.kind !== "turn" || broken > 0) return answer;
      broken += 1;
      return { kind: "begun", turn: answer.turn, next: dialect.failedInside };
    });
    const two = await serve(dialect, script);
    const made = testEngine({ fallbacks: { [one.spec]: [two.spec] } }, undefined, { ...one.env });
    closing.push(() => made.engine.close());
    const { events, outcome } = await made.run([], { model: one.spec });
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "turn.failed")).toMatchObject([
      { attempts: 1, error: { code: "boundary.upstream_5xx" } },
    ]);
    expect(eventsOf(events, "model.fell_back")).toEqual([]);
    expect(two.requests).toEqual([]);
  },
);

test("one that counts fewer tokens than the model before it is not taken to clip what it is sent", async () => {
  const counting =
    (factor: number): ReturnType<typeof turnsOf> =>
    (...asked) => {
      const answer = script(...asked);
      if (answer.kind !== "turn") return answer;
      const { turn } = answer;
      const input = Math.round(turn.usage.input * factor);
      return { kind: "turn", turn: { ...turn, usage: { ...turn.usage, input } } };
    };
  const [first = anthropic, second = anthropic] = dialects;
  const one = await serve(first, (before, ...rest) =>
    before === 0 ? counting(1.5)(before, ...rest) : { kind: "refusal", refusal: first.overloaded },
  );
  const two = await serve(second, counting(0.9));
  const made = testEngine({ fallbacks: { [one.spec]: [two.spec] } }, undefined, {
    ...one.env,
    ...two.env,
  });
  closing.push(() => made.engine.close());
  const text = `Do it. ${"Every word of this counts for something. ".repeat(200)}`;
  const { events, outcome } = await made.run([], {
    model: one.spec,
    task: { kind: "text", text, workspace: made.folder },
  });
  expect(outcome).toBe("unverified");
  expect(eventsOf(events, "turn.failed")).toEqual([]);
  expect(eventsOf(events, "model.fell_back")).toHaveLength(1);
  expect(two.requests).toHaveLength(2);
});
