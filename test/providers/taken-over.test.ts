import { afterEach, expect, test } from "vitest";
import { createEgress } from "../../src/boundary/egress/fetch.ts";
import type { Message } from "../../src/base/message.ts";
import type { ModelRequest, ModelTurn } from "../../src/models/model.ts";
import { createModel } from "../../src/models/providers.ts";
import { anywhere } from "../support/boundary.ts";
import { grantTests, loopback } from "../support/egress.ts";
import type { Dialect, WireTurn } from "../support/wire/dialect.ts";
import { dialects, wireServer } from "../support/wire/server.ts";

grantTests("asks models by hand", { connect: loopback });
const egress = createEgress();

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const usage = { input: 20, cached: 0, written: 0, output: 4, reasoning: 0 };
const calls: WireTurn = {
  reasoning: "Both at once.",
  text: "I look.",
  calls: [
    { id: "call_a", name: "read", argumentsText: '{"path":"x.csv"}' },
    // As some models name them.
    { id: "functions.read:1", name: "read", argumentsText: '{"path":"y.csv"}' },
  ],
  usage,
};
const answer: WireTurn = { text: "Taken over.", usage };

/** The turn that a dialect's model makes of a conversation, and why it was refused, where it was. */
async function turnOf(dialect: Dialect, turn: WireTurn, messages: readonly Message[]) {
  const server = await wireServer(dialect, () => ({ kind: "turn", turn }));
  closing.push(() => server.close());
  const [key] = Object.values(server.env);
  const model = await createModel({
    spec: server.spec,
    ...(key === undefined ? {} : { apiKey: key }),
  });
  const request: ModelRequest = {
    system: "Be brief.",
    messages,
    tools: [{ name: "read", description: "Reads a file.", inputSchema: { type: "object" } }],
    maxOutputTokens: 4_096,
    effort: "medium",
  };
  let said: ModelTurn | undefined;
  try {
    const io = {
      fetch: (input: string | URL | Request, init?: RequestInit) =>
        egress.fetch(input, init, anywhere),
      signal: new AbortController().signal,
      idempotencyKey: "k",
    };
    for await (const event of model.stream(request, io)) {
      if (event.type === "completed") said = event.turn;
    }
  } catch (thrown) {
    return { refusals: [...server.refusals, String(thrown)], parts: [] };
  }
  return { refusals: server.refusals, parts: said?.parts ?? [] };
}

const pairs = dialects.flatMap((first) =>
  dialects.map((second) => ({ first, second, from: first.name, to: second.name })),
);

test.each(pairs)(
  "what a model began over $from, one goes on with over $to",
  async ({ first, second }) => {
    // Anthropic's own names would be refused by itself.
    const own = {
      ...calls,
      calls: (calls.calls ?? []).slice(0, first.name === "anthropic" ? 1 : 2),
    };
    const opening: Message = { role: "user", text: "What is in x.csv and y.csv?" };
    const { parts, refusals } = await turnOf(first, own, [opening]);
    expect(refusals).toEqual([]);
    const results = parts.flatMap((part) =>
      part.type === "tool_call"
        ? [{ toolCallId: part.toolCallId, toolName: part.toolName, content: "a,b", isError: false }]
        : [],
    );
    expect(results).toHaveLength(own.calls.length);
    const taken = await turnOf(second, answer, [
      opening,
      { role: "assistant", parts },
      { role: "tool", results },
    ]);
    expect(taken).toMatchObject({ refusals: [], parts: [{ text: "Taken over." }] });
  },
);
