import { z } from "zod";
import type { SearchProvider } from "./provider.ts";
import type { SearxngSettings } from "./settings.ts";

// Source: the search API in SearXNG's own documentation, and the results of its JSON format.
const answer = z
  .object({
    results: z.array(
      z.object({
        title: z.string().catch(""),
        url: z.string(),
        content: z.string().nullish(),
        publishedDate: z.string().nullish(),
      }),
    ),
    /** Engine and reason, of those that gave nothing. */
    unresponsive_engines: z.array(z.array(z.string())).catch([]),
  })
  .transform(({ results, unresponsive_engines }) => ({
    results: results.map(({ title, url, content, publishedDate }) => ({
      title,
      url,
      snippet: content ?? "",
      published: publishedDate,
    })),
    notes: unresponsive_engines.map((words) => `No answer from ${words.join(": ")}.`),
  }));

/** A SearXNG instance. It has no keys and gives results by the page. */
export function searxng({ baseUrl }: Pick<SearxngSettings, "baseUrl">): SearchProvider {
  const ask = (parameters: Readonly<Record<string, string | undefined>>) => {
    const url = new URL(`${baseUrl.replace(/\/+$/, "")}/search`);
    for (const [name, value] of Object.entries({ ...parameters, format: "json" }))
      if (value !== undefined) url.searchParams.set(name, value);
    return { who: "SearXNG", url, answer, hint: hintOf };
  };
  return {
    who: "SearXNG",
    baseUrl,
    takesLanguage: true,
    search: ({ query, language, freshness }) => ask({ q: query, language, time_range: freshness }),
    check: ask({ q: "agent33" }),
  };
}

function hintOf(status: number): string {
  return status === 403
    ? "Add json to search.formats in the settings of the SearXNG instance."
    : "Check the connector's baseUrl, and whether the instance takes requests from this machine.";
}
