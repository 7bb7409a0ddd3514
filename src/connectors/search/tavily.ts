import { z } from "zod";
import type { SearchProvider } from "./provider.ts";
import type { TavilySettings } from "./settings.ts";

// Source: Tavily's API reference, POST /search and GET /usage.
const answer = z
  .object({
    results: z.array(
      z.object({
        title: z.string(),
        url: z.string(),
        content: z.string(),
        published_date: z.string().nullish(),
      }),
    ),
  })
  .transform(({ results }) => ({
    results: results.map(({ title, url, content, published_date }) => ({
      title,
      url,
      snippet: content,
      published: published_date,
    })),
    notes: [],
  }));

/** The Tavily API. It has no choice of language. */
export function tavily(
  { baseUrl }: Pick<TavilySettings, "baseUrl">,
  token: string,
): SearchProvider {
  const base = baseUrl.replace(/\/+$/, "");
  const common = {
    who: "Tavily",
    headers: { authorization: `Bearer ${token}` },
    hint: () => "Check the key that the connector's tokenVariable names, and its plan.",
  };
  return {
    who: "Tavily",
    baseUrl,
    takesLanguage: false,
    search: ({ query, count, freshness }) => ({
      ...common,
      url: `${base}/search`,
      method: "POST",
      json: {
        query,
        max_results: count,
        ...(freshness === undefined ? {} : { time_range: freshness }),
      },
      answer,
    }),
    check: { ...common, url: `${base}/usage`, answer: z.object({ key: z.object({}) }) },
  };
}
