import { z } from "zod";
import type { ConnectorSpec } from "../../boundary/types.ts";
import { keyVariableOf } from "../../models/providers.ts";
import type { Vendor } from "../../models/spec.ts";
import { networkError } from "../http/errors.ts";
import { exchangeJson } from "../http/exchange.ts";
import { urlFacts } from "../http/url-facts.ts";

/** A place that serves models. */
export interface ModelPlace {
  readonly baseUrl: string;
  /** Empty where it wants none. */
  readonly apiKey: string;
}

/** Who lists their models, and how. */
export type ListingVendor = Exclude<Vendor, "scripted" | "replay">;

interface Listing {
  readonly query: string;
  readonly headers: (apiKey: string) => Readonly<Record<string, string>>;
  readonly names: z.ZodType<readonly string[]>;
}

const openaiListing: Listing = {
  query: "",
  headers: (apiKey): Readonly<Record<string, string>> =>
    apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` },
  names: z
    .object({ data: z.array(z.object({ id: z.string() })) })
    .transform(({ data }) => data.map(({ id }) => id)),
};

const listings: Readonly<Record<ListingVendor, Listing>> = {
  openai: openaiListing,
  "openai-compatible": openaiListing,
  anthropic: {
    ...openaiListing,
    query: "?limit=1000",
    headers: (apiKey) => ({ "x-api-key": apiKey, "anthropic-version": "2023-06-01" }),
  },
  google: {
    query: "?pageSize=1000",
    headers: (apiKey) => ({ "x-goog-api-key": apiKey }),
    names: z
      .object({ models: z.array(z.object({ name: z.string() })) })
      .transform(({ models }) => models.map(({ name }) => name.replace(/^models\//, ""))),
  },
};

/**
 * Asks a provider which models it has (`GET …/models`), which costs nothing and shows that the
 * address and the key are right.
 * @param now milliseconds since the Unix epoch
 */
export function modelListSpec(
  vendor: ListingVendor,
  now: () => number,
): ConnectorSpec<ModelPlace, readonly string[]> {
  const { query, headers, names } = listings[vendor];
  const variable = keyVariableOf(vendor) ?? "OPENAI_COMPATIBLE_API_KEY";
  return {
    id: `model:${vendor}`,
    facts: ({ baseUrl }) => ({
      operation: "models.list",
      effect: "read",
      repeat: "safe",
      ...urlFacts(baseUrl),
    }),
    run: async (context) => {
      const { baseUrl, apiKey } = context.input;
      const request = {
        who: new URL(baseUrl).host,
        url: `${baseUrl}/models${query}`,
        headers: headers(apiKey),
        answer: names,
        hint: (status: number) =>
          status === 401 || status === 403 || status === 400
            ? `Check the key in ${variable}.`
            : `Check the address ${baseUrl}; it usually ends with /v1.`,
        secrets: apiKey === "" ? [] : [apiKey],
      };
      return exchangeJson(context, request, now);
    },
    mapError: (error) => networkError(`the models of ${vendor}`, error),
    timeouts: { attemptMs: 10_000, totalMs: 20_000 },
    maxAttempts: 2,
  };
}
