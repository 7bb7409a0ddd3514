import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { Usage } from "../base/message.ts";
import type { MicroUsd } from "../base/money.ts";
import type { ModelInfo } from "./model.ts";

const usdPerMillion = z.number().nonnegative();

/** A price that the settings give, in USD per million tokens. */
export const priceOverrideSchema = z.strictObject({
  inputPerMillionUsd: usdPerMillion,
  outputPerMillionUsd: usdPerMillion,
  /** Input that the provider had cached. Default: as other input. */
  cachedInputPerMillionUsd: usdPerMillion.optional(),
  /** Input that the provider puts into its cache. Default: as other input. */
  cacheWritePerMillionUsd: usdPerMillion.optional(),
});
export type PriceOverride = z.output<typeof priceOverrideSchema>;

/** Prices by `provider:model`, or by the model's name alone. */
export type PriceOverrides = Readonly<Record<string, PriceOverride>>;

/**
 * Where a price comes from: the settings, the price list of `@pydantic/genai-prices`, or
 * `not_billed` for models that answer inside this process.
 */
export type PriceSource = "override" | "catalog" | "not_billed";

/** What models cost. Money in integer micro-USD, rounded up; `undefined` is unpriced, never 0. */
export interface Prices {
  costMicroUsd(model: ModelInfo, usage: Usage): MicroUsd | undefined;
  /** The most that a call with so many tokens can cost: nothing is cached yet, all of it may be. */
  upperBoundMicroUsd(
    model: ModelInfo,
    inputTokens: number,
    outputTokens: number,
  ): MicroUsd | undefined;
  /** Undefined for an unpriced model. */
  sourceOf(model: ModelInfo): PriceSource | undefined;
  /** Size of the model's context window in tokens: what it says of itself, else the price list. */
  contextTokens(model: ModelInfo): number | undefined;
}

/** When version 0.1.8 of the price list was published: it says so nowhere itself. */
export const pricesOf = { version: "0.1.8", at: Date.UTC(2026, 8, 23) } as const;

interface Price {
  readonly source: PriceSource;
  readonly contextTokens?: number;
  usd(usage: Usage): number | undefined;
}

/**
 * Prices from the list that the package brings (no network) and from the settings, which win. A
 * hosted provider's models are looked up under its name; those of an openai-compatible server by
 * its address, so that an unknown server, and any on this machine or network, is unpriced even if
 * it serves a model of a known name.
 * @param options.clock says which of a model's dated prices holds
 */
export async function loadPrices(options: {
  readonly clock: Clock;
  readonly overrides?: PriceOverrides;
}): Promise<Prices> {
  const { calcPrice } = await import("@pydantic/genai-prices");
  const { clock, overrides = {} } = options;

  const fromCatalog = (model: ModelInfo): Price | undefined => {
    const where =
      model.provider === "openai-compatible"
        ? { providerApiUrl: model.baseUrl ?? "" }
        : { providerId: model.provider };
    const at = () => new Date(clock.now());
    const found = calcPrice({ input_tokens: 0, output_tokens: 0 }, model.model, {
      ...where,
      timestamp: at(),
    });
    if (found === null) return undefined;
    // A provider with this one model: looking a name up among hundreds costs as much as the sum.
    const provider = { ...found.provider, models: [found.model] };
    return {
      source: "catalog",
      ...(found.model.context_window === undefined
        ? {}
        : { contextTokens: found.model.context_window }),
      usd: (usage) =>
        calcPrice(
          {
            input_tokens: usage.inputTokens,
            cache_read_tokens: usage.cachedInputTokens,
            cache_write_tokens: usage.cacheWriteTokens ?? 0,
            output_tokens: usage.outputTokens,
            output_reasoning_tokens: usage.reasoningTokens,
          },
          model.model,
          { provider, timestamp: at() },
        )?.total_price,
    };
  };

  const resolve = (model: ModelInfo): Price | undefined => {
    const override = overrides[`${model.provider}:${model.model}`] ?? overrides[model.model];
    if (override !== undefined) return fromOverride(override);
    if (model.provider === "scripted" || model.provider === "replay") {
      return { source: "not_billed", usd: () => 0 };
    }
    return fromCatalog(model);
  };

  const known = new Map<string, Price | undefined>();
  const priceOf = (model: ModelInfo): Price | undefined => {
    const key = `${model.provider} ${model.model} ${model.baseUrl ?? ""}`;
    if (!known.has(key)) known.set(key, resolve(model));
    return known.get(key);
  };
  const cost = (model: ModelInfo, usage: Usage): MicroUsd | undefined => {
    const usd = priceOf(model)?.usd(usage);
    return usd === undefined ? undefined : roundUp(usd);
  };

  return {
    costMicroUsd: cost,
    upperBoundMicroUsd: (model, inputTokens, outputTokens) => {
      const uncached = {
        inputTokens,
        cachedInputTokens: 0,
        outputTokens,
        reasoningTokens: 0,
        estimated: true,
      };
      const plain = cost(model, uncached);
      const written = cost(model, { ...uncached, cacheWriteTokens: inputTokens });
      return plain === undefined ? undefined : Math.max(plain, written ?? 0);
    },
    sourceOf: (model) => priceOf(model)?.source,
    contextTokens: (model) => model.contextTokens ?? priceOf(model)?.contextTokens,
  };
}

function fromOverride(price: PriceOverride): Price {
  const cached = price.cachedInputPerMillionUsd ?? price.inputPerMillionUsd;
  const written = price.cacheWritePerMillionUsd ?? price.inputPerMillionUsd;
  return {
    source: "override",
    usd: ({ inputTokens, cachedInputTokens, cacheWriteTokens = 0, outputTokens }) =>
      ((inputTokens - cachedInputTokens - cacheWriteTokens) * price.inputPerMillionUsd +
        cachedInputTokens * cached +
        cacheWriteTokens * written +
        outputTokens * price.outputPerMillionUsd) /
      1_000_000,
  };
}

/**
 * Up to the next micro-USD. Sums of binary fractions come out a hair too large (0.00225 USD as
 * 0.0022500000000000003), and that hair is not a micro-USD.
 */
function roundUp(usd: number): MicroUsd {
  const exact = usd * 1_000_000;
  return Math.max(0, Math.ceil(exact - Math.max(1e-6, exact * 1e-12)));
}
