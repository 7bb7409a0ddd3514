import { describe, expect, test } from "vitest";
import { openModel } from "./model-source.ts";

const sources = {
  key: (provider: string) => (provider === "openai" ? "sk-1" : undefined),
  log: () => Promise.resolve([]),
};
const asked = {
  baseUrl: "http://127.0.0.1:11434/v1",
  acceptsEffort: false,
  acceptsSchema: false,
  cwd: "/",
};

describe("the settings' address of an OpenAI-compatible server", () => {
  test("is no other provider's: its key would be sent there", async () => {
    const { info } = await openModel({ ...asked, spec: "openai:gpt-5" }, sources);
    expect(info.baseUrl).toBe("https://api.openai.com/v1");
  });

  test("is that of an openai-compatible model", async () => {
    const { info } = await openModel({ ...asked, spec: "openai-compatible:m" }, sources);
    expect(info.baseUrl).toBe(asked.baseUrl);
  });
});

test("both of OpenAI's interfaces take its key, and the model is OpenAI's", async () => {
  const { info } = await openModel({ ...asked, spec: "openai-chat:gpt-4.1" }, sources);
  expect(info).toMatchObject({ provider: "openai", model: "gpt-4.1" });
});
