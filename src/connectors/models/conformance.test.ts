import { expect } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { httpPeer } from "../../../test/connectors/http-peer.ts";
import { systemClock } from "../../base/clock.ts";
import { loadPrices } from "../../models/prices.ts";
import { createModel } from "../../models/providers.ts";
import { loadTokenCounter } from "../../models/tokens.ts";
import { modelConnectorSpec } from "./connector.ts";

const key = "sk-live-9f27c1d0aa";
const prices = await loadPrices({ clock: systemClock });
const tokens = await loadTokenCounter();

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
const chunk = (delta: unknown, finish: string | null = null) =>
  event({
    id: "c1",
    object: "chat.completion.chunk",
    created: 1,
    model: "local-1",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });

connectorConformance({
  name: "an OpenAI-compatible model",
  peer: () =>
    httpPeer(() => ({
      headers: { "content-type": "text/event-stream" },
      body: `${chunk({ role: "assistant", content: "Hel" })}${chunk({ content: "lo." })}${chunk({}, "stop")}data: [DONE]\n\n`,
    })),
  spec: async (peer) => {
    const spec = `openai-compatible:local-1@${peer.url}/v1`;
    const model = await createModel({ spec, apiKey: key });
    return modelConnectorSpec(model, { prices, tokens, clock: systemClock });
  },
  input: {
    system: "",
    messages: [{ role: "user", text: "Hi" }],
    tools: [],
    maxOutputTokens: 64,
  },
  good: (turn, peer) => {
    expect(turn.parts).toEqual([{ type: "text", text: "Hello." }]);
    expect(peer.requests[0]?.headers.authorization).toBe(`Bearer ${key}`);
  },
  secrets: [key],
});
