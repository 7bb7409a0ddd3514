import { afterEach, describe, expect, test } from "vitest";
import { grantTests, loopback } from "../../test/support/egress.ts";
import { type OpenAiServer, startOpenAiServer } from "../../test/support/openai-server.ts";
import type { ModelRequest } from "./model.ts";
import { createModel } from "./providers.ts";

grantTests("calls a model without the boundary", { connect: loopback });

const schema = {
  type: "object",
  properties: { drawer: { type: "string" }, note: { type: "string" } },
  required: ["drawer"],
  additionalProperties: false,
};
const request: ModelRequest = {
  system: "s",
  messages: [{ role: "user", text: "Hi" }],
  tools: [],
  maxOutputTokens: 8192,
  effort: "high",
  answer: { name: "answer", schema },
};

/** What a provider's package sends for a request whose answer has a form. */
async function sent(spec: string): Promise<Record<string, unknown>> {
  let body: Record<string, unknown> = {};
  const model = await createModel({ spec, apiKey: "key-1" });
  const io = {
    signal: new AbortController().signal,
    idempotencyKey: "k",
    fetch: async (_input: string | URL | Request, init?: RequestInit) => {
      body = JSON.parse(init?.body as string) as Record<string, unknown>;
      return Response.json({ error: { message: "no" } }, { status: 400 });
    },
  };
  await expect(Array.fromAsync(model.stream(request, io))).rejects.toThrow();
  return body;
}

describe("the form of an answer", () => {
  test("goes to OpenAI, not strict, beside what is said anyway", async () => {
    expect(await sent("openai:gpt-5")).toMatchObject({
      text: { format: { type: "json_schema", name: "answer", strict: false, schema } },
      store: false,
      reasoning: { effort: "high" },
    });
  });

  test("goes to Gemini", async () => {
    expect(await sent("google:gemini-2.5-pro")).toMatchObject({
      generationConfig: {
        responseMimeType: "application/json",
        responseJsonSchema: { type: "object", required: ["drawer"] },
        thinkingConfig: { thinkingBudget: expect.any(Number) },
      },
    });
  });

  test("goes to a Claude that takes it, and forces no tool on one that thinks on a budget", async () => {
    const newer = await sent("anthropic:claude-opus-5");
    expect(newer).toMatchObject({ output_config: { format: { type: "json_schema" } } });
    const older = await sent("anthropic:claude-sonnet-4-20250514");
    expect(older).toMatchObject({ thinking: { type: "enabled" } });
    expect(older).not.toHaveProperty("tools");
    expect(older).not.toHaveProperty("output_config");
  });

  describe("for an OpenAI-compatible server", () => {
    let server: OpenAiServer | undefined;
    afterEach(async () => {
      await server?.close();
      server = undefined;
    });

    test.each([
      [true, { type: "json_schema", json_schema: { name: "answer", strict: false, schema } }],
      [false, undefined],
    ])("is sent where it takes one: %s", async (acceptsSchema, format) => {
      server = await startOpenAiServer([{ kind: "turn", text: "{}" }]);
      const { baseUrl, requests } = server;
      const model = await createModel({ spec: "openai-compatible:local", baseUrl, acceptsSchema });
      const io = { fetch, signal: new AbortController().signal, idempotencyKey: "k" };
      await Array.fromAsync(model.stream(request, io));
      expect(requests[0]?.body).toEqual(
        format === undefined
          ? expect.not.objectContaining({ response_format: expect.anything() })
          : expect.objectContaining({ response_format: format }),
      );
    });
  });
});
