import { beforeAll, describe, expect, test } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { type HttpRequestSeen, httpPeer } from "../../../test/connectors/http-peer.ts";
import { testBoundary, testPrincipal } from "../../../test/support/boundary.ts";
import { grantTests, loopback } from "../../../test/support/egress.ts";
import { systemClock } from "../../base/clock.ts";
import { createEgress } from "../../boundary/egress/fetch.ts";
import type { EmbedderInfo, EmbedRequest } from "../../models/embedder.ts";
import { createEmbedder, type CreateEmbedderOptions } from "../../models/embedders.ts";
import { loadPrices, type Prices } from "../../models/prices.ts";
import { loadTokenCounter, type TokenCounter } from "../../models/tokens.ts";
import { batchesOf, embedTexts } from "./batches.ts";
import { embeddingConnectorSpec } from "./connector.ts";

grantTests("the provider's side", { connect: loopback });

const apiKey = "sk-not-a-real-key-000000";
let prices: Prices;
let tokens: TokenCounter;
beforeAll(async () => {
  prices = await loadPrices({
    clock: systemClock,
    overrides: { "local-1": { inputPerMillionUsd: 1, outputPerMillionUsd: 0 } },
  });
  tokens = await loadTokenCounter();
});

const inputOf = ({ body }: HttpRequestSeen): readonly string[] => {
  const { input } = JSON.parse(body) as { readonly input: string | readonly string[] };
  return typeof input === "string" ? [input] : input;
};
/** A vector that says which text it is of. */
const vectorOf = (text: string): readonly number[] => [text.length, 0.5, -1];
const openai = (vector = vectorOf) =>
  httpPeer(
    (request) => ({
      body: JSON.stringify({
        object: "list",
        model: "local-1",
        data: inputOf(request).map((text, index) => ({
          object: "embedding",
          index,
          embedding: vector(text),
        })),
        usage: { prompt_tokens: 7, total_tokens: 7 },
      }),
    }),
    {
      refusing: () => ({
        status: 401,
        body: JSON.stringify({
          error: {
            message: "Incorrect API key provided.",
            type: "invalid_request_error",
            code: null,
          },
        }),
      }),
    },
  );
const google = () =>
  httpPeer(({ body }) => {
    const { requests = [{}] } = JSON.parse(body) as { readonly requests?: readonly object[] };
    const values = [0.1, 0.2, 0.3];
    const many = { embeddings: requests.map(() => ({ values })) };
    return { body: JSON.stringify(body.includes("requests") ? many : { embedding: { values } }) };
  });

const specOf = async (options: CreateEmbedderOptions) =>
  embeddingConnectorSpec(await createEmbedder(options), { prices, tokens, clock: systemClock });

connectorConformance({
  name: "embeddings of an openai-compatible server",
  peer: () => openai(),
  spec: (peer) =>
    specOf({
      spec: "openai-compatible:local-1",
      apiKey,
      baseUrl: `${peer.url}/v1`,
      dimensions: 3,
    }),
  input: { texts: ["one", "three"] },
  good: ({ vectors, inputTokens }, peer) => {
    expect(vectors).toEqual([
      [3, 0.5, -1],
      [5, 0.5, -1],
    ]);
    expect(inputTokens).toBe(7);
    expect(peer.requests[0]).toMatchObject({
      path: "/v1/embeddings",
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(JSON.parse(peer.requests[0]?.body ?? "")).toMatchObject({
      model: "local-1",
      dimensions: 3,
    });
  },
  secrets: [apiKey],
});

connectorConformance({
  name: "embeddings of openai",
  peer: () => openai(),
  spec: (peer) => specOf({ spec: "openai:text-embedding-3-small", apiKey, baseUrl: peer.url }),
  input: { texts: ["one"] },
  good: ({ vectors }) => expect(vectors).toEqual([[3, 0.5, -1]]),
  secrets: [apiKey],
});

connectorConformance({
  name: "embeddings of google",
  peer: google,
  spec: (peer) => specOf({ spec: "google:gemini-embedding-001", apiKey, baseUrl: peer.url }),
  input: { texts: ["one", "two"] },
  good: ({ vectors, inputTokens }) => {
    expect(vectors).toHaveLength(2);
    expect(inputTokens).toBeUndefined();
  },
  secrets: [apiKey],
});

describe("a request for embeddings", () => {
  async function world(dimensions?: number, vector = vectorOf) {
    const peer = await openai(vector);
    const egress = createEgress();
    const embedder = await createEmbedder({
      spec: `openai-compatible:local-1@${peer.url}/v1`,
      ...(dimensions === undefined ? {} : { dimensions }),
    });
    const { boundary } = testBoundary({
      hands: { fetch: egress.fetch, spawn: () => Promise.reject() },
    });
    const spec = embeddingConnectorSpec(embedder, { prices, tokens, clock: systemClock });
    return {
      peer,
      embedder,
      spec,
      connector: boundary.connector(spec),
      close: async () => {
        await egress.close();
        await peer.close();
      },
    };
  }
  const caller = { principal: testPrincipal, runId: "run-1" } as const;

  test("reserves what it may use, and is charged what the provider counted", async () => {
    const { spec, connector, close } = await world();
    const input: EmbedRequest = { texts: ["a text of some words", "another one"] };
    const { tokens: reserved = 0, costMicroUsd = 0 } = spec.estimate?.(input) ?? {};
    expect(reserved).toBeGreaterThanOrEqual(7);
    expect(costMicroUsd).toBe(reserved);
    const outcome = await connector.tryCall(input, caller);
    expect(outcome.record.spend).toEqual({ tokens: 7, costMicroUsd: 7 });
    expect(spec.measure?.({ vectors: [], inputTokens: undefined }, input).tokens).toBe(
      tokens.text("a text of some words") + tokens.text("another one"),
    );
    await close();
  });

  test.each([
    ["of another length than was asked for", 4, vectorOf, "3 numbers where 4"],
    ["of different lengths", undefined, (text: string) => Array.from(text, () => 1), "where 3"],
    ["without numbers", undefined, () => [], "0 numbers"],
  ])("refuses vectors %s", async (_what, dimensions, vector, words) => {
    const { connector, close } = await world(dimensions, vector);
    expect(await connector.tryCall({ texts: ["one", "three"] }, caller)).toMatchObject({
      ok: false,
      error: { kind: "invalid_response", message: expect.stringContaining(words) },
    });
    await close();
  });

  test("for many texts is made in batches, and gives the vectors in their order", async () => {
    const { peer, embedder, connector, close } = await world();
    const texts = Array.from({ length: 300 }, (_, index) => "x".repeat(index + 1));
    const vectors = await embedTexts(connector, texts, { ...caller, info: embedder.info, tokens });
    expect(vectors.map(([length]) => length)).toEqual(texts.map(({ length }) => length));
    expect(peer.requests.map((request) => inputOf(request).length)).toEqual([128, 128, 44]);
    await close();
  });
});

describe("batches", () => {
  const info: EmbedderInfo = {
    provider: "p",
    model: "m",
    maxTexts: 3,
    maxTextTokens: 10,
    maxRequestTokens: 12,
  };
  const letters = { text: (text: string) => text.length };

  test("are within the limits of texts and of tokens", () => {
    expect(batchesOf(["a", "b", "c", "d"], info, letters)).toEqual([["a", "b", "c"], ["d"]]);
    expect(batchesOf(["aaaaaaaa", "bbbb", "c"], info, letters)).toEqual([
      ["aaaaaaaa", "bbbb"],
      ["c"],
    ]);
    expect(batchesOf([], info, letters)).toEqual([]);
  });

  test.each([
    [["a", " \n"], "models.empty_text", "Text 2"],
    [["a".repeat(11)], "models.text_too_long", "Text 1 has about 11 tokens"],
  ])("of %j are refused", (texts, code, words) => {
    expect(() => batchesOf(texts, info, letters)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }) as Error,
    );
  });
});

test("a provider without embeddings is refused with those that have them", async () => {
  await expect(createEmbedder({ spec: "anthropic:x", apiKey })).rejects.toMatchObject({
    code: "models.no_embeddings",
    hint: expect.stringContaining("openai, google, openai-compatible"),
  });
  await expect(createEmbedder({ spec: "openai:x" })).rejects.toMatchObject({
    code: "models.missing_key",
  });
});
