import { describe, expect, test } from "vitest";
import { isAgent33Error } from "../base/errors.ts";
import { createModel, type CreateModelOptions } from "./providers.ts";

async function refusal(options: CreateModelOptions) {
  try {
    await createModel(options);
  } catch (error) {
    if (isAgent33Error(error)) return error;
    throw error;
  }
  throw new Error("the model was made");
}

describe("making a model", () => {
  test.each([
    ["anthropic:claude-opus-5", "ANTHROPIC_API_KEY"],
    ["openai:gpt-5", "OPENAI_API_KEY"],
    ["google:gemini-2.5-pro", "GOOGLE_GENERATIVE_AI_API_KEY"],
  ])("%s without a key says where to put it", async (spec, variable) => {
    for (const options of [{ spec }, { spec, apiKey: "" }]) {
      const error = await refusal(options);
      expect(error.code).toBe("models.missing_key");
      expect(error.hint).toContain(variable);
    }
  });

  test("an openai-compatible model without an address lists the usual ones", async () => {
    const error = await refusal({ spec: "openai-compatible:llama3.1" });
    expect(error.code).toBe("models.missing_base_url");
    expect(error.hint).toContain("http://127.0.0.1:11434/v1");
    expect(error.hint).toContain("http://127.0.0.1:8080/v1");
    expect(error.hint).toContain("http://127.0.0.1:8000/v1");
  });

  test("an address in the specification wins over the settings", async () => {
    const model = await createModel({
      spec: "openai-compatible:m@http://127.0.0.1:1/v1/",
      baseUrl: "http://127.0.0.1:2/v1",
    });
    expect(model.info).toEqual({
      provider: "openai-compatible",
      model: "m",
      baseUrl: "http://127.0.0.1:1/v1",
    });
  });

  test("a hosted provider's address is known without settings", async () => {
    const model = await createModel({
      spec: "anthropic:claude-opus-5",
      apiKey: "k",
      contextTokens: 9,
    });
    expect(model.info).toMatchObject({ baseUrl: "https://api.anthropic.com/v1", contextTokens: 9 });
  });

  test.each(["127.0.0.1:11434", "localhost:8080/v1", "ftp://host/v1"])(
    "%s is no base URL",
    async (baseUrl) => {
      const error = await refusal({ spec: "openai-compatible:m", baseUrl });
      expect(error.code).toBe("models.malformed_base_url");
    },
  );

  test("a password in the settings' base URL is refused and not repeated", async () => {
    const error = await refusal({ spec: "openai-compatible:m", baseUrl: "https://a:hunter2@b/v1" });
    expect(error.code).toBe("models.malformed_base_url");
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  test("a replay needs the recording", async () => {
    expect((await refusal({ spec: "replay:run-1" })).code).toBe("models.missing_recording");
    const model = await createModel({ spec: "replay:run-1", turnAt: () => undefined });
    expect(model.info).toEqual({ provider: "replay", model: "run-1" });
  });
});
