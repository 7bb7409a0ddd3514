import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Message } from "../base/message.ts";
import { attempt } from "../base/result.ts";
import type { ModelEvent, ModelIo, ModelTurn } from "./model.ts";
import { createReplayModel } from "./replay.ts";
import { createScriptedModel, loadScriptedModel, parseScript } from "./scripted.ts";

const script = parseScript(
  `
name: ledger-reconcile
turns:
  - reasoning: First the files.
    text: I read both files.
    tool_calls:
      - name: filesystem__read_text_file
        arguments: { path: "x.csv" }
      - name: filesystem__read_text_file
        arguments_text: '{"path": "y.csv'
  - text: Done.
    usage: { input_tokens: 10, cached_input_tokens: 4, output_tokens: 20 }
`,
  "turns.yaml",
);

const io: ModelIo = {
  fetch: () => Promise.reject(new Error("a scripted model needs no network")),
  signal: new AbortController().signal,
  idempotencyKey: "k",
};

const said = (text: string): Message => ({ role: "assistant", parts: [{ type: "text", text }] });
const after = (...messages: readonly Message[]) => ({
  system: "s",
  messages: [{ role: "user", text: "Reconcile." } as const, ...messages],
  tools: [],
  maxOutputTokens: 100,
});

function turnOf(events: readonly ModelEvent[]): ModelTurn {
  const last = events.at(-1);
  if (last?.type !== "completed") throw new Error("no completed event");
  return last.turn;
}

describe("a script with cases", () => {
  const text = `
name: clerk
turns: [{ text: lost }]
cases:
  - { when: { skill: filing, repetitions: [2] }, turns: [{ text: careless }] }
  - { when: { skill: filing }, turns: [{ text: by the book }] }
  - { when: { repetitions: [3] }, turns: [{ text: lucky }] }
`;
  const said = async (system: string, repetition?: number) => {
    const events: ModelEvent[] = [];
    const model = createScriptedModel(parseScript(text, "clerk.yaml"), repetition);
    for await (const event of model.stream({ ...after(), system }, io)) events.push(event);
    const [part] = turnOf(events).parts;
    return part?.type === "text" ? part.text : part;
  };
  const offered = "Skills are these.\n- filing: How papers are filed.";

  test("says what its first case says that holds, and else what it usually says", async () => {
    expect(await said(offered, 1)).toBe("by the book");
    expect(await said(offered, 2)).toBe("careless");
    expect(await said("s", 2)).toBe("lost");
    expect(await said("s", 3)).toBe("lucky");
    expect(await said(offered)).toBe("by the book");
    expect(await said("s")).toBe("lost");
  });

  test("takes a skill for offered only where it is listed by its whole name", async () => {
    expect(await said("- filing-old: Other.\nfiling: is a word", 1)).toBe("lost");
  });

  test("refuses a case of which nothing has to hold", () => {
    expect(
      attempt(() =>
        parseScript(
          "name: x\nturns: [{ text: a }]\ncases: [{ when: {}, turns: [{ text: b }] }]",
          "x.yaml",
        ),
      ),
    ).toMatchObject({
      ok: false,
      error: { code: "models.malformed_script", details: { field: "cases[0].when" } },
    });
  });
});

describe("a script of several agents", () => {
  const team = createScriptedModel(
    parseScript(
      'name: team\nturns: [{ text: mine }]\nagents: { helper: [{ text: any }], "1.1": [{ text: this one }] }',
      "team.yaml",
    ),
  );
  const textFor = async (asker: { readonly name: string; readonly path?: string }) => {
    const events: ModelEvent[] = [];
    for await (const event of team.stream({ ...after(), asker }, io)) events.push(event);
    return turnOf(events).parts;
  };

  test("has turns for each by its name, and by its path before that", async () => {
    expect(await textFor({ name: "lead" })).toMatchObject([{ text: "mine" }]);
    expect(await textFor({ name: "helper", path: "1.0" })).toMatchObject([{ text: "any" }]);
    expect(await textFor({ name: "helper", path: "1.1" })).toMatchObject([{ text: "this one" }]);
  });

  test("says whose turns are missing", async () => {
    await expect(textFor({ name: "other", path: "1.2" })).rejects.toMatchObject({
      code: "models.script_exhausted",
      message: expect.stringContaining("for other (1.2)"),
    });
  });
});

describe("a scripted model", () => {
  const model = createScriptedModel(script);

  test("is named by its script and lives in this process", () => {
    expect(model.info).toEqual({ provider: "scripted", model: "ledger-reconcile" });
  });

  test("says its turn in pieces and as a whole", async () => {
    const events = await Array.fromAsync(model.stream(after(), io));
    const text = events.filter((event) => event.type === "text.delta");
    expect(text.length).toBeGreaterThan(1);
    expect(text.map((event) => event.text).join("")).toBe("I read both files.");
    expect(turnOf(events).parts).toEqual([
      { type: "reasoning", text: "First the files." },
      { type: "text", text: "I read both files." },
      {
        type: "tool_call",
        toolCallId: "call_1_1",
        toolName: "filesystem__read_text_file",
        argumentsText: '{"path":"x.csv"}',
      },
      {
        type: "tool_call",
        toolCallId: "call_1_2",
        toolName: "filesystem__read_text_file",
        argumentsText: '{"path": "y.csv',
      },
    ]);
  });

  test("goes on after the turns that the request already has", async () => {
    const events = await Array.fromAsync(model.stream(after(said("…")), io));
    expect(turnOf(events).parts).toEqual([{ type: "text", text: "Done." }]);
  });

  test("counts tokens itself, marked, unless the script states them", async () => {
    const first = turnOf(await Array.fromAsync(model.stream(after(), io)));
    expect(first.usage.estimated).toBe(true);
    expect(first.usage.outputTokens).toBeGreaterThan(first.usage.reasoningTokens);
    expect(first.usage.reasoningTokens).toBeGreaterThan(0);
    const second = turnOf(await Array.fromAsync(model.stream(after(said("…")), io)));
    expect(second.usage).toEqual({
      inputTokens: 10,
      cachedInputTokens: 4,
      outputTokens: 20,
      reasoningTokens: 0,
      estimated: false,
    });
  });

  test("has nothing to say past its last turn", async () => {
    const stream = model.stream(after(said("1"), said("2")), io);
    await expect(Array.fromAsync(stream)).rejects.toMatchObject({
      code: "models.script_exhausted",
    });
  });

  test("stops at an abort", async () => {
    const stream = model.stream(after(), { ...io, signal: AbortSignal.abort(new Error("enough")) });
    await expect(Array.fromAsync(stream)).rejects.toThrow("enough");
  });
});

describe("a script file", () => {
  test("is read from disk", () => {
    const folder = mkdtempSync(join(tmpdir(), "script-"));
    try {
      const file = join(folder, "turns.yaml");
      writeFileSync(file, "name: n\nturns:\n  - text: hello\n");
      expect(loadScriptedModel(file).info.model).toBe("n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("that is not there is named", () => {
    const result = attempt(() => loadScriptedModel("/no/such/turns.yaml"));
    expect(result).toMatchObject({
      ok: false,
      error: {
        code: "models.unreadable_script",
        message: expect.stringContaining("/no/such/turns.yaml") as string,
      },
    });
  });

  test.each([
    ["name: n\nturns: []\n", "turns", 2],
    [
      "name: n\nturns:\n  - text: a\n  - tool_calls:\n      - arguments: {}\n",
      "turns[1].tool_calls[0].name",
      5,
    ],
    ["name: n\nturns:\n  - text: a\n    tool_call: []\n", "turns[0]", 3],
    ["name: n\nturns:\n  - usage: { input_tokens: 1, output_tokens: 1 }\n", "turns[0]", 3],
    [
      "name: n\nturns:\n  - tool_calls:\n      - { name: a, arguments: {}, arguments_text: '{}' }\n",
      "turns[0].tool_calls[0]",
      4,
    ],
    [
      "name: n\nturns:\n  - text: a\n    usage: { input_tokens: 1, output_tokens: -1 }\n",
      "turns[0].usage.output_tokens",
      4,
    ],
    [
      "name: n\nturns:\n  - text: a\n    usage: { input_tokens: 1, cached_input_tokens: 2, output_tokens: 1 }\n",
      "turns[0].usage",
      4,
    ],
    ["turns:\n  - text: a\n", "name", 1],
  ])("that is wrong (%#) is refused with file, line and field", (text, field, line) => {
    const result = attempt(() => parseScript(text, "turns.yaml"));
    if (result.ok) throw new Error("it was accepted");
    expect(result.error.code).toBe("models.malformed_script");
    expect(result.error.details).toEqual({ file: "turns.yaml", line, field });
    expect(result.error.message).toMatch(/^turns\.yaml:\d+: /);
  });

  test("with more aliases than anybody writes is refused", () => {
    const turns = Array.from({ length: 200 }, () => "  - { text: a, usage: *usage }").join("\n");
    const usage = "&usage { input_tokens: 1, output_tokens: 1 }";
    expect(
      attempt(() =>
        parseScript(`name: x\nturns:\n  - { text: a, usage: ${usage} }\n${turns}\n`, "x.yaml"),
      ),
    ).toMatchObject({ ok: false, error: { code: "models.malformed_script" } });
  });

  test("that is not YAML is refused with its line", () => {
    const result = attempt(() => parseScript("name: n\nturns: [\n", "turns.yaml"));
    expect(result).toMatchObject({ ok: false, error: { code: "models.malformed_script" } });
  });
});

describe("a replay model", () => {
  const recorded: readonly ModelTurn[] = ["one", "two"].map((text) => ({
    parts: [{ type: "text", text }],
    usage: {
      inputTokens: 5,
      cachedInputTokens: 0,
      outputTokens: 1,
      reasoningTokens: 0,
      estimated: false,
    },
    finishReason: "stop",
  }));
  const model = createReplayModel("run-1", (index) => recorded[index]);

  test("answers each place in the run with what was recorded there", async () => {
    for (const [index, turn] of recorded.entries()) {
      const history = recorded
        .slice(0, index)
        .map(({ parts }) => ({ role: "assistant", parts }) as const);
      const events = await Array.fromAsync(model.stream(after(...history), io));
      expect(turnOf(events)).toEqual(turn);
      expect(events[0]?.type).toBe("text.delta");
    }
  });

  test("has no answer past the recording", async () => {
    const stream = model.stream(after(said("1"), said("2")), io);
    await expect(Array.fromAsync(stream)).rejects.toMatchObject({
      code: "models.replay_exhausted",
    });
  });
});
