import { afterEach, describe, expect, test, vi } from "vitest";
import type { Effort } from "../base/effect.ts";
import type { Message } from "../base/message.ts";
import type { ModelRequest } from "./model.ts";
import { createModel } from "./providers.ts";

afterEach(() => vi.unstubAllEnvs());

interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/**
 * What a provider's package sends. Its servers cannot be had here, so the fetch that the package is
 * given notes the request and refuses it.
 */
async function sent(spec: string, request: Partial<ModelRequest>): Promise<Sent> {
  let seen: Sent | undefined;
  const model = await createModel({ spec, apiKey: "key-1" });
  const asked: ModelRequest = {
    system: "s",
    messages: [{ role: "user", text: "Hi" }],
    tools: [],
    maxOutputTokens: 8192,
    ...request,
  };
  const io = {
    signal: new AbortController().signal,
    idempotencyKey: "k",
    fetch: async (input: string | URL | Request, init?: RequestInit) => {
      seen = {
        url: input instanceof Request ? input.url : input.toString(),
        headers: new Headers(init?.headers),
        body: JSON.parse(init?.body as string) as Record<string, unknown>,
      };
      return Response.json({ error: { message: "no" } }, { status: 400 });
    },
  };
  await expect(Array.fromAsync(model.stream(asked, io))).rejects.toThrow();
  if (seen === undefined) throw new Error("nothing was sent");
  return seen;
}

const afterACall: readonly Message[] = [
  { role: "user", text: "Hi" },
  {
    role: "assistant",
    parts: [{ type: "tool_call", toolCallId: "c", toolName: "read", argumentsText: "{}" }],
  },
  { role: "tool", results: [{ toolCallId: "c", toolName: "read", content: "x", isError: false }] },
];

describe("what hosted providers are sent", () => {
  test("the address comes from the settings, never from the environment", async () => {
    vi.stubEnv("ANTHROPIC_BASE_URL", "https://elsewhere.example/v1");
    vi.stubEnv("OPENAI_BASE_URL", "https://elsewhere.example/v1");
    expect((await sent("anthropic:claude-opus-5", {})).url).toBe(
      "https://api.anthropic.com/v1/messages",
    );
    expect((await sent("openai:gpt-5", {})).url).toBe("https://api.openai.com/v1/responses");
    expect((await sent("google:gemini-2.5-pro", {})).url).toMatch(
      /^https:\/\/generativelanguage\.googleapis\.com\/v1beta\/models\/gemini-2\.5-pro:/,
    );
  });

  test("the key goes into the provider's own header", async () => {
    expect((await sent("anthropic:claude-opus-5", {})).headers.get("x-api-key")).toBe("key-1");
    expect((await sent("openai:gpt-5", {})).headers.get("authorization")).toBe("Bearer key-1");
    expect((await sent("google:gemini-2.5-pro", {})).headers.get("x-goog-api-key")).toBe("key-1");
  });

  test("OpenAI keeps nothing and gives reasoning back encrypted", async () => {
    const { body } = await sent("openai:gpt-5", {});
    expect(body).toMatchObject({
      store: false,
      include: ["reasoning.encrypted_content"],
      max_output_tokens: 8192,
    });
    expect(body).not.toHaveProperty("reasoning");
  });

  test("encrypted reasoning travels back to OpenAI before the call that followed it", async () => {
    const { body } = await sent("openai:gpt-5", {
      messages: [
        { role: "user", text: "Hi" },
        {
          role: "assistant",
          parts: [
            {
              type: "reasoning",
              text: "Hm.",
              providerMetadata: { openai: { itemId: "rs_1", reasoningEncryptedContent: "enc" } },
            },
            { type: "tool_call", toolCallId: "c", toolName: "read", argumentsText: "{}" },
          ],
        },
        ...afterACall.slice(2),
      ],
    });
    expect(body["input"]).toMatchObject([
      { role: expect.stringMatching(/system|developer/) as string },
      { role: "user" },
      { type: "reasoning", encrypted_content: "enc" },
      { type: "function_call", call_id: "c" },
      { type: "function_call_output", call_id: "c", output: "x" },
    ]);
  });

  test("a signature travels back to Anthropic with its thinking", async () => {
    const { body } = await sent("anthropic:claude-opus-5", {
      effort: "high",
      messages: [
        { role: "user", text: "Hi" },
        {
          role: "assistant",
          parts: [
            {
              type: "reasoning",
              text: "Hm.",
              providerMetadata: { anthropic: { signature: "sig" } },
            },
            { type: "tool_call", toolCallId: "c", toolName: "read", argumentsText: "{broken" },
          ],
        },
        ...afterACall.slice(2),
      ],
    });
    expect(body["messages"]).toMatchObject([
      { role: "user" },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "sig" },
          { type: "tool_use", input: { malformed_arguments: "{broken" } },
        ],
      },
      { role: "user" },
    ]);
  });

  test("Anthropic is asked to cache a conversation that goes on, and no single question", async () => {
    const { body } = await sent("anthropic:claude-opus-5", { messages: afterACall });
    expect(body["cache_control"]).toEqual({ type: "ephemeral" });
    expect((await sent("anthropic:claude-opus-5", {})).body).not.toHaveProperty("cache_control");
  });

  test("a closing turn without tools still declares to Anthropic the ones in its history", async () => {
    const { body } = await sent("anthropic:claude-opus-5", { messages: afterACall });
    expect(body).toMatchObject({ tools: [{ name: "read" }], tool_choice: { type: "none" } });
    expect((await sent("anthropic:claude-opus-5", {})).body).not.toHaveProperty("tools");
  });
});

describe("effort", () => {
  const atEffort = async (spec: string, effort: Effort) => (await sent(spec, { effort })).body;

  test.each([
    "anthropic:claude-3-5-haiku-20241022",
    "anthropic:claude-3-haiku-20240307",
    "google:gemini-2.0-flash",
    "google:gemma-3-27b-it",
    "openai:gpt-4.1",
  ])("%s is not asked to think", async (spec) => {
    expect(JSON.stringify(await atEffort(spec, "high"))).not.toMatch(/thinking|reasoning|effort/i);
  });

  test.each([
    "anthropic:claude-3-7-sonnet-20250219",
    "anthropic:claude-sonnet-4-20250514",
    "anthropic:claude-opus-4-1-20250805",
    "anthropic:claude-haiku-4-5",
    "anthropic:claude-sonnet-4-5-20250929",
  ])("%s thinks within the output cap, not on top of it", async (spec) => {
    expect(await atEffort(spec, "medium")).toMatchObject({
      max_tokens: 8192,
      thinking: { type: "enabled", budget_tokens: 2457 },
    });
  });

  test("a cap too small for Anthropic's smallest budget means no thinking", async () => {
    const { body } = await sent("anthropic:claude-sonnet-4-5", {
      effort: "low",
      maxOutputTokens: 4096,
    });
    expect(body).toMatchObject({ max_tokens: 4096 });
    expect(body).not.toHaveProperty("thinking");
  });

  test.each([
    "anthropic:claude-opus-4-6",
    "anthropic:claude-opus-5",
    "anthropic:claude-sonnet-5-5",
  ])("%s is told a level, within the output cap", async (spec) => {
    expect(await atEffort(spec, "low")).toMatchObject({
      max_tokens: 8192,
      thinking: { type: "adaptive" },
      output_config: { effort: "low" },
    });
  });

  test("OpenAI is told a level", async () => {
    expect(await atEffort("openai:gpt-5", "low")).toMatchObject({ reasoning: { effort: "low" } });
  });

  test("Gemini 2.5 gets a budget, Gemini 3 a level", async () => {
    expect(await atEffort("google:gemini-2.5-flash", "high")).toMatchObject({
      generationConfig: { maxOutputTokens: 8192, thinkingConfig: { thinkingBudget: 4915 } },
    });
    expect(await atEffort("google:gemini-3-pro-preview", "high")).toMatchObject({
      generationConfig: { maxOutputTokens: 8192, thinkingConfig: { thinkingLevel: "high" } },
    });
  });

  test("without effort the provider's default stands", async () => {
    for (const spec of ["anthropic:claude-sonnet-4-5", "google:gemini-2.5-flash"]) {
      expect(JSON.stringify((await sent(spec, {})).body)).not.toMatch(/thinking/i);
    }
  });
});
