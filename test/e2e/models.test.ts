import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type HttpPeer, httpPeer } from "../connectors/http-peer.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";

grantTests("serves a list of models", { connect: loopback });

let peer: HttpPeer | undefined;
afterEach(async () => {
  await peer?.close();
  peer = undefined;
});

async function serve(...ids: readonly string[]): Promise<HttpPeer> {
  peer = await httpPeer(({ headers }) =>
    headers["x-api-key"] === "wrong"
      ? { status: 401, body: '{"error":{"message":"invalid x-api-key: wrong"}}' }
      : { body: JSON.stringify({ data: ids.map((id) => ({ id })) }) },
  );
  return peer;
}

const agent33 = (words: readonly string[], cwd: string, env: Record<string, string> = {}) =>
  runInProcess(["models", ...words], cwd, env);

describe("agent33 models", () => {
  test("lists what the settings name, with keys, windows, prices and who stands in", async () => {
    const folder = freshFolder();
    writeFileSync(
      join(folder, "agent33.config.yaml"),
      [
        "model: anthropic:claude-opus-4-5",
        "fallbacks:",
        "  anthropic:claude-opus-4-5: [openai:gpt-5]",
      ].join("\n"),
    );
    const { code, stdout } = await agent33(["list", "--json"], folder, { OPENAI_API_KEY: "sk-1" });
    expect(code).toBe(0);
    const { items } = JSON.parse(stdout) as { items: readonly object[] };
    expect(items).toMatchObject([
      {
        name: "anthropic:claude-opus-4-5",
        namedIn: ["model", "fallbacks"],
        key: { variable: "ANTHROPIC_API_KEY", isSet: false },
        price: { inputMicroUsd: 5_000_000, outputMicroUsd: 25_000_000, source: "catalog" },
        fallbacks: ["openai:gpt-5"],
        problem: { code: "models.missing_key" },
      },
      { name: "openai:gpt-5", key: { isSet: true }, problem: null },
    ]);
    const text = await agent33([], folder);
    expect(text.stdout).toContain("$5.00 / $25.00 (catalog)");
    expect(text.stdout).toContain("Set ANTHROPIC_API_KEY in the environment.");
  });

  test("checks each where it is served, in a governed call that costs nothing", async () => {
    const { url, requests } = await serve("llama3.1:latest", "qwen3:8b");
    const at = (model: string) => `openai-compatible:${model}@${url}/v1`;
    const folder = freshFolder();
    const { code, stdout } = await agent33(["check", at("llama3.1"), at("qwen3:9b")], folder);
    expect(code).toBe(1);
    expect(stdout).toContain("among 2 models");
    expect(stdout).toContain("models.not_served: ");
    expect(stdout).toContain('"qwen3:8b"');
    expect(requests.map(({ path }) => path)).toEqual(["/v1/models", "/v1/models"]);
    const audit = await runInProcess(["audit", "list", "--json"], folder);
    expect(audit.stdout).toContain('"models.list"');
  });

  test("a key that is refused is not repeated", async () => {
    const { url } = await serve();
    const { code, stdout } = await agent33(
      ["check", `anthropic:claude-opus-5@${url}/v1`],
      freshFolder(),
      {
        ANTHROPIC_API_KEY: "wrong",
      },
    );
    expect(code).toBe(1);
    expect(stdout).toContain("answered 401");
    expect(stdout).toContain("Check the key in ANTHROPIC_API_KEY.");
    expect(stdout).not.toContain("wrong");
  });

  test("nobody who listens is said with the address", async () => {
    const { url, close } = await serve();
    await close();
    peer = undefined;
    const { code, stdout } = await agent33(
      ["check", `openai-compatible:m@${url}/v1`],
      freshFolder(),
    );
    expect(code).toBe(1);
    expect(stdout).toContain("boundary.transport");
    expect(stdout).toContain(new URL(url).port);
  });
});

describe("a run with models that cannot be", () => {
  test.each([
    ["antropic:claude", [], 64, "models.unknown_provider", "anthropic"],
    ["claude-opus-5", [], 64, "models.malformed_spec", "provider:model"],
    [
      "openai:gpt-5@https://me:hunter2@example.org/v1",
      [],
      64,
      "models.malformed_spec",
      "environment",
    ],
    ["openai-chat:gpt-4.1", [], 64, "models.missing_key", "OPENAI_API_KEY"],
    [
      "openai-compatible:m@http://127.0.0.1:9/v1",
      ["openai:gpt-5"],
      64,
      "models.unusable_fallback",
      "OPENAI_API_KEY",
    ],
    [
      "openai-compatible:m@http://127.0.0.1:9/v1",
      ["opnai:gpt-5"],
      64,
      "config.invalid_value",
      "opnai",
    ],
  ] as const)("%s with %j in its place", async (model, fallbacks, code, error, hint) => {
    const env = { AGENT33_FALLBACKS: JSON.stringify({ [model]: fallbacks }) };
    const result = await runInProcess(
      ["run", "x", "--model", model],
      freshFolder(),
      fallbacks.length === 0 ? {} : env,
    );
    expect(result.stderr).toContain(error);
    expect(result.stderr).toContain(hint);
    expect(result.stderr).not.toContain("hunter2");
    expect(result.code).toBe(code);
  });

  test("an address for another provider's model is not passed over in silence", async () => {
    const result = await runInProcess(
      ["run", "x", "--model", "openai:gpt-5", "--base-url", "http://127.0.0.1:9/v1"],
      freshFolder(),
      { OPENAI_API_KEY: "sk-1" },
    );
    expect(result.stderr).toContain("models.base_url_unused");
    expect(result.stderr).toContain("openai:gpt-5@http://127.0.0.1:9/v1");
    expect(result.code).toBe(64);
  });
});
