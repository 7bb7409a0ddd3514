import { z } from "zod";
import { addressField } from "../http/fields.ts";

const kind = z.literal("search");
const tokenVariable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "Must be the name of an environment variable");
const common = {
  count: z.int().min(1).max(20).default(8).describe("results that are given when nobody says"),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, "Must be a language such as en or pt-BR")
    .exactOptional()
    .describe("language of results when nobody says, such as en"),
};

export const searxngSettings = z.strictObject({
  kind,
  provider: z.literal("searxng"),
  baseUrl: addressField.describe(
    "address of the SearXNG instance, which must offer the JSON format",
  ),
  ...common,
});
export type SearxngSettings = z.infer<typeof searxngSettings>;

export const braveSettings = z.strictObject({
  kind,
  provider: z.literal("brave"),
  tokenVariable: tokenVariable.describe(
    "environment variable with the key of the Brave Search API",
  ),
  baseUrl: addressField
    .default("https://api.search.brave.com/res/v1")
    .describe("address of the Brave Search API"),
  ...common,
});
export type BraveSettings = z.infer<typeof braveSettings>;

export const tavilySettings = z.strictObject({
  kind,
  provider: z.literal("tavily"),
  tokenVariable: tokenVariable.describe("environment variable with the key of the Tavily API"),
  baseUrl: addressField.default("https://api.tavily.com").describe("address of the Tavily API"),
  count: common.count,
});
export type TavilySettings = z.infer<typeof tavilySettings>;

/** Searching the web with one of these. */
export const searchSettings = z.discriminatedUnion("provider", [
  searxngSettings,
  braveSettings,
  tavilySettings,
]);
export type SearchSettings = z.infer<typeof searchSettings>;
