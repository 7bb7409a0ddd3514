import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { otlpOf, type Span, traceOf } from "../../src/engine/traces.ts";
import type { StoredEvent } from "../../src/events/event.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { type TestEngine, testEngine } from "../support/engine.ts";
import { handTo, runTeam } from "../support/team.ts";

const engines: TestEngine[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
});

function opened(): TestEngine {
  const made = testEngine();
  engines.push(made);
  return made;
}

const called = (spans: readonly Span[], name: string): Span => {
  const found = spans.find((span) => span.name === name);
  if (found === undefined)
    throw new Error(`no ${name} among ${spans.map((one) => one.name).join(", ")}`);
  return found;
};
const append = { name: "append_line", arguments: { path: "notes.txt", line: "one" } };

/** Whatever the log: one trace, one root, no two spans that are one, and each within its parent. */
function expectWhole(spans: readonly Span[], events: readonly StoredEvent[]): void {
  const ids = new Map(spans.map((span) => [span.spanId, span]));
  expect(ids.size).toBe(spans.length);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(spans.filter(({ parentId }) => parentId === undefined)).toHaveLength(1);
  for (const span of spans) {
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
    if (span.parentId !== undefined) expect(ids.has(span.parentId)).toBe(true);
    expect(span.end).toBeGreaterThanOrEqual(span.start);
  }
  const calls = events.filter(({ type }) => /^(turn|tool)\.(completed|failed)$/.test(type));
  expect(spans.filter(({ name }) => /^(chat|execute_tool) /.test(name))).toHaveLength(calls.length);
}

describe("the trace of a run", () => {
  test("says how its effort was decided, from which reasons, how surely and what it was to take", async () => {
    const folder = freshFolder();
    writeFileSync(
      join(folder, "low.yaml"),
      stringify({ name: "low", turns: [{ text: "Short it is." }] }),
    );
    const tier = { model: "scripted:low.yaml" };
    const routing = { enabled: true, tiers: { low: tier, medium: tier, high: tier } };
    writeFileSync(join(folder, "agent33.config.yaml"), stringify({ routing }));
    const cli = (...words: string[]) => runInProcess(words, folder);
    const ran = await cli("run", "Short.", "--json");
    const { runId } = JSON.parse(ran.stdout.split("\n")[0] ?? "") as { runId: string };

    const told = (await cli("runs", "trace", runId)).stdout;
    expect(told).toMatch(/^invoke_agent \S+ {2}\d+ ms\n/);
    expect(told).toMatch(/agent33\.effort\.source classifier\n/);
    expect(told).toMatch(/agent33\.effort\.reasons 6 characters: less than 400\n/);
    expect(told).toMatch(/agent33\.effort\.confidence 0\.587\d*\n/);
    expect(told).toMatch(/agent33\.effort\.estimate\.tokens\.p90 5\d{4}/);
    expect(told).toMatch(/agent33\.effort\.estimate\.cost_micro_usd\.p50 0\n/);

    const file = join(folder, "trace.json");
    expect((await cli("runs", "trace", runId, "--output", file)).code).toBe(0);
    const written = JSON.parse(readFileSync(file, "utf8")) as unknown;
    const printed = JSON.parse((await cli("runs", "trace", runId, "--json")).stdout) as unknown;
    expect(written).toEqual(printed);
    expect(written).toMatchObject({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  name: expect.stringMatching(/^invoke_agent /),
                  traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
                  attributes: expect.arrayContaining([
                    { key: "agent33.effort.source", value: { stringValue: "classifier" } },
                    { key: "agent33.effort.model_source", value: { stringValue: "tier" } },
                    { key: "gen_ai.request.reasoning.level", value: { stringValue: "low" } },
                  ]),
                },
                { name: expect.stringMatching(/^chat /), kind: 3 },
              ],
            },
          ],
        },
      ],
    });
  });

  test("has the agents that work was handed to below the calls that did so", async () => {
    const made = opened();
    const { events } = await runTeam(made, {
      agents: { lead: { agents: ["writer"] }, writer: {} },
      turns: [{ tool_calls: [handTo("writer")] }, { text: "Done." }],
      says: { writer: [{ tool_calls: [append] }, { text: "I wrote it." }] },
    });
    const spans = traceOf(events);
    expectWhole(spans, events);
    const ids = new Map(spans.map((span) => [span.spanId, span.name]));
    const wayOf = (span: Span | undefined): readonly string[] =>
      span === undefined
        ? []
        : [
            ...wayOf(spans.find(({ spanId }) => spanId === span.parentId)),
            ids.get(span.spanId) ?? "",
          ];
    expect(wayOf(called(spans, "execute_tool append_line"))).toEqual([
      "invoke_agent lead",
      "execute_tool delegate",
      "invoke_agent writer",
      "execute_tool append_line",
    ]);
  });

  test("tells what failed by its code, and nothing of what was said", async () => {
    const made = opened();
    const { events } = await made.run([
      { tool_calls: [{ name: "no_such_tool", arguments: { word: "arguments-canary" } }] },
      { text: "answer-canary" },
    ]);
    const spans = traceOf(events);
    expectWhole(spans, events);
    const { error, attributes } = called(spans, "execute_tool no_such_tool");
    expect(error).toMatch(/^[a-z]+[._]/);
    expect(attributes["error.type"]).toBe(error);
    expect(await otlpOf(spans)).not.toMatch(/canary/);
  });

  test("of a log that goes on has what is over, and the same spans again at its end", async () => {
    const made = opened();
    const { events } = await made.run([{ tool_calls: [append] }, { text: "Done." }]);
    const whole = new Map(traceOf(events).map((span) => [span.spanId, span]));
    for (let length = 1; length <= events.length; length += 1) {
      const part = events.slice(0, length);
      expectWhole(traceOf(part), part);
      for (const span of traceOf(part)) {
        if (span.parentId !== undefined) expect(span).toEqual(whole.get(span.spanId));
      }
    }
    expect(traceOf([])).toEqual([]);
  });
});
