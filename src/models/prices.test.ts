import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import type { Usage } from "../base/message.ts";
import { loadPrices, priceOverrideSchema } from "./prices.ts";

const clock = manualClock(Date.UTC(2026, 0, 15, 12));
const prices = await loadPrices({ clock });

function usage(counts: Partial<Usage>): Usage {
  return {
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    estimated: false,
    ...counts,
  };
}
const gpt5 = { provider: "openai", model: "gpt-5" };
const local = (baseUrl: string, model = "gpt-5") => ({
  provider: "openai-compatible",
  model,
  baseUrl,
});

describe("prices", () => {
  test("a known model's price, worked out by hand", () => {
    // The list says for gpt-5: 1.25 USD a million input tokens, 0.125 cached, 10 output.
    // 600,000 × 1.25 + 400,000 × 0.125 + 100,000 × 10 = 750,000 + 50,000 + 1,000,000 micro-USD.
    expect(
      prices.costMicroUsd(
        gpt5,
        usage({ inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 100_000 }),
      ),
    ).toBe(1_800_000);
    expect(prices.sourceOf(gpt5)).toBe("catalog");
    expect(prices.contextTokens(gpt5)).toBe(400_000);
  });

  test("a longer context costs more where the provider says so", () => {
    // claude-sonnet-4-5: 3 USD a million up to 200,000 input tokens, 6 above, for all of them.
    const sonnet = { provider: "anthropic", model: "claude-sonnet-4-5" };
    expect(prices.costMicroUsd(sonnet, usage({ inputTokens: 100_000 }))).toBe(300_000);
    expect(prices.costMicroUsd(sonnet, usage({ inputTokens: 300_000 }))).toBe(1_800_000);
  });

  test("reasoning has its own price where the provider says so", () => {
    // sonar-deep-research: 8 USD a million output tokens, 3 for those that were reasoning.
    const sonar = local("https://api.perplexity.ai", "sonar-deep-research");
    expect(
      prices.costMicroUsd(sonar, usage({ outputTokens: 1_000_000, reasoningTokens: 400_000 })),
    ).toBe(600_000 * 8 + 400_000 * 3);
  });

  test("a fraction of a micro-USD is rounded up, an error of the arithmetic is not", () => {
    // 0.00225 USD comes out as 0.0022500000000000003.
    expect(prices.costMicroUsd(gpt5, usage({ inputTokens: 1000, outputTokens: 100 }))).toBe(2250);
    expect(prices.costMicroUsd(gpt5, usage({ inputTokens: 1 }))).toBe(2);
    expect(prices.costMicroUsd(gpt5, usage({}))).toBe(0);
  });

  test("any count of tokens is priced as the list prices it, and never below", () => {
    fc.assert(
      fc.property(
        fc.nat(2_000_000),
        fc.nat(100_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (input, output, share) => {
          const cached = Math.floor(input * share);
          const cost = prices.costMicroUsd(
            gpt5,
            usage({ inputTokens: input, cachedInputTokens: cached, outputTokens: output }),
          );
          const tenths = (input - cached) * 10 + cached + output * 80; // eighths of a micro-USD
          expect(cost).toBe(Math.ceil(tenths / 8));
        },
      ),
    );
  });

  test.each([
    [{ provider: "openai", model: "gpt-5-that-nobody-made" }],
    [{ provider: "nobody", model: "gpt-5" }],
    [local("http://127.0.0.1:11434/v1")],
    [local("http://localhost:8080/v1")],
    [local("http://[::1]:8000/v1")],
    [local("http://192.168.1.7/v1")],
    [local("https://10.0.0.1/https://api.openai.com/v1")],
    [local("https://proxy.example.com/v1")],
  ])("%j is unpriced, not free", (model) => {
    expect(prices.costMicroUsd(model, usage({ inputTokens: 1000 }))).toBeUndefined();
    expect(prices.upperBoundMicroUsd(model, 1000, 1000)).toBeUndefined();
    expect(prices.sourceOf(model)).toBeUndefined();
  });

  test("a public server of a known address is priced by that address", () => {
    const deepseek = local("https://api.deepseek.com/v1", "deepseek-chat");
    expect(prices.costMicroUsd(deepseek, usage({ inputTokens: 1_000_000 }))).toBeGreaterThan(0);
  });

  test.each(["scripted", "replay"])("a %s model is not billed", (provider) => {
    const model = { provider, model: "gpt-5" };
    expect(prices.costMicroUsd(model, usage({ inputTokens: 1_000_000 }))).toBe(0);
    expect(prices.sourceOf(model)).toBe("not_billed");
  });

  test("the upper bound is what the tokens cost with nothing cached", () => {
    expect(prices.upperBoundMicroUsd(gpt5, 1_000_000, 100_000)).toBe(2_250_000);
  });

  test("a price in the settings wins, the exact name before the bare one", async () => {
    const own = await loadPrices({
      clock,
      overrides: {
        "gpt-5": { inputPerMillionUsd: 1, outputPerMillionUsd: 2, cachedInputPerMillionUsd: 0.5 },
        "openai-compatible:gpt-5": { inputPerMillionUsd: 0, outputPerMillionUsd: 0 },
      },
    });
    const counts = usage({
      inputTokens: 1_000_000,
      cachedInputTokens: 500_000,
      outputTokens: 1_000_000,
    });
    expect(own.costMicroUsd(gpt5, counts)).toBe(500_000 + 250_000 + 2_000_000);
    expect(own.costMicroUsd(local("http://127.0.0.1/v1"), counts)).toBe(0);
    expect(own.sourceOf(gpt5)).toBe("override");
  });

  test("without a price for cached input it costs as other input", async () => {
    const own = await loadPrices({
      clock,
      overrides: { m: { inputPerMillionUsd: 1, outputPerMillionUsd: 0 } },
    });
    const model = { provider: "openai", model: "m" };
    expect(
      own.costMicroUsd(model, usage({ inputTokens: 1_000_000, cachedInputTokens: 1_000_000 })),
    ).toBe(1_000_000);
  });

  test("a price that changed is the one of the day, also within one process", async () => {
    // o3 cost 10 USD a million input tokens until 10 June 2025, and 2 since.
    const moving = manualClock(Date.UTC(2025, 5, 1));
    const dated = await loadPrices({ clock: moving });
    const o3 = { provider: "openai", model: "o3" };
    expect(dated.costMicroUsd(o3, usage({ inputTokens: 1_000_000 }))).toBe(10_000_000);
    moving.advance(30 * 24 * 3_600_000);
    expect(dated.costMicroUsd(o3, usage({ inputTokens: 1_000_000 }))).toBe(2_000_000);
  });

  test("a negative or mistyped price in the settings is refused", () => {
    expect(
      priceOverrideSchema.safeParse({ inputPerMillionUsd: -1, outputPerMillionUsd: 1 }).success,
    ).toBe(false);
    expect(
      priceOverrideSchema.safeParse({ inputPerMillionUsd: 1, outputPerMillionUsd: 1, cached: 1 })
        .success,
    ).toBe(false);
  });
});

describe("what is put into a prompt cache", () => {
  const usage = {
    inputTokens: 1_000_000,
    cachedInputTokens: 0,
    cacheWriteTokens: 1_000_000,
    outputTokens: 0,
    reasoningTokens: 0,
    estimated: false,
  };
  const claude = { provider: "anthropic", model: "claude-opus-4-5" };

  test("is charged as the provider does, and the upper bound holds for it", async () => {
    const prices = await loadPrices({ clock: manualClock(Date.UTC(2026, 10, 1)) });
    // 5 USD a million tokens of input, a quarter more for what is written to the cache.
    expect(prices.costMicroUsd(claude, usage)).toBe(6_250_000);
    expect(prices.upperBoundMicroUsd(claude, 1_000_000, 0)).toBe(6_250_000);
  });

  test("costs what the settings say, and as other input where they do not", async () => {
    const price = { inputPerMillionUsd: 2, outputPerMillionUsd: 0 };
    const costOf = async (override: typeof price & { cacheWritePerMillionUsd?: number }) => {
      const overrides = { "anthropic:claude-opus-4-5": override };
      const prices = await loadPrices({ clock: manualClock(), overrides });
      return prices.costMicroUsd(claude, usage);
    };
    expect(await costOf(price)).toBe(2_000_000);
    expect(await costOf({ ...price, cacheWritePerMillionUsd: 3 })).toBe(3_000_000);
  });
});
