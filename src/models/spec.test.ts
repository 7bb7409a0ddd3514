import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attempt } from "../base/result.ts";
import { parseModelSpec, providerNames, vendorOf } from "./spec.ts";

function refusal(text: string) {
  const result = attempt(() => parseModelSpec(text));
  if (result.ok) throw new Error(`"${text}" was accepted`);
  return result.error;
}

describe("model specifications", () => {
  test("the first colon separates, so a model's name may hold colons", () => {
    expect(parseModelSpec("openai-compatible:llama3.1:8b")).toEqual({
      provider: "openai-compatible",
      model: "llama3.1:8b",
    });
  });

  test("an address may follow the name of an openai-compatible model", () => {
    expect(parseModelSpec("openai-compatible:qwen3:4b@http://127.0.0.1:11434/v1")).toEqual({
      provider: "openai-compatible",
      model: "qwen3:4b",
      baseUrl: "http://127.0.0.1:11434/v1",
    });
  });

  test("an address may follow the name of any provider's model", () => {
    expect(parseModelSpec("anthropic:claude-opus-5@https://gateway.example/v1")).toEqual({
      provider: "anthropic",
      model: "claude-opus-5",
      baseUrl: "https://gateway.example/v1",
    });
    expect(parseModelSpec("scripted:a@http://b").model).toBe("a@http://b");
  });

  test("both of OpenAI's interfaces are OpenAI's", () => {
    expect(parseModelSpec("openai-chat:gpt-4.1").provider).toBe("openai-chat");
    expect(vendorOf("openai-chat")).toBe("openai");
    expect(vendorOf("anthropic")).toBe("anthropic");
  });

  test("a model's own @ is not mistaken for an address", () => {
    expect(parseModelSpec("openai-compatible:@cf/meta/llama@2")).toEqual({
      provider: "openai-compatible",
      model: "@cf/meta/llama@2",
    });
    expect(parseModelSpec("openai-compatible:@cf/x@https://example.com/v1").model).toBe("@cf/x");
  });

  test("paths and run ids are kept as they are", () => {
    expect(parseModelSpec("scripted:C:\\turns.yaml").model).toBe("C:\\turns.yaml");
    expect(parseModelSpec("replay:0193-7f").model).toBe("0193-7f");
  });

  test("a mistyped provider gets the nearest known one", () => {
    const error = refusal("antropic:claude-sonnet-4-5");
    expect(error.code).toBe("models.unknown_provider");
    expect(error.hint).toContain('"anthropic"');
  });

  test.each(["gpt-5", "", ":gpt-5", "openai:", "openai:  ", "openai-compatible:@http://a/v1"])(
    "%j is malformed",
    (text) => expect(refusal(text).code).toBe("models.malformed_spec"),
  );

  test("an address that is no URL is refused", () => {
    expect(refusal("openai-compatible:m@http://").code).toBe("models.malformed_spec");
  });

  test("a password in the address is refused and not repeated", () => {
    const error = refusal("openai-compatible:m@https://me:hunter2@example.com/v1");
    expect(error.code).toBe("models.malformed_spec");
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  test("every provider with any name comes back as it was written", () => {
    const name = fc
      .stringMatching(/^[A-Za-z0-9@:._/-]{1,40}$/)
      .filter((text) => !/@https?:/.test(text));
    fc.assert(
      fc.property(fc.constantFrom(...providerNames), name, (provider, model) => {
        expect(parseModelSpec(`${provider}:${model}`)).toEqual({ provider, model });
      }),
    );
  });
});
