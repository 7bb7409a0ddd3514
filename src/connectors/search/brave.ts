import { z } from "zod";
import type { SearchProvider } from "./provider.ts";
import type { BraveSettings } from "./settings.ts";

// Source: the reference of the Brave Search API, web search.
const answer = z
  .object({
    web: z
      .object({
        results: z.array(
          z.object({
            title: z.string(),
            url: z.string(),
            description: z.string().nullish(),
            page_age: z.string().nullish(),
            age: z.string().nullish(),
          }),
        ),
      })
      .nullish(),
    type: z.literal("search"),
  })
  .transform(({ web }) => ({
    results: (web?.results ?? []).map(({ title, url, description, page_age, age }) => ({
      title,
      url,
      snippet: description ?? "",
      published: page_age ?? age,
    })),
    notes: [],
  }));

const freshnessWords = { day: "pd", week: "pw", month: "pm", year: "py" } as const;

/** The Brave Search API. */
export function brave({ baseUrl }: Pick<BraveSettings, "baseUrl">, token: string): SearchProvider {
  const ask = (parameters: Readonly<Record<string, string | undefined>>) => {
    const url = new URL(`${baseUrl.replace(/\/+$/, "")}/web/search`);
    // Without decorations descriptions are text, not HTML.
    for (const [name, value] of Object.entries({ ...parameters, text_decorations: "false" }))
      if (value !== undefined) url.searchParams.set(name, value);
    return {
      who: "Brave Search",
      url,
      headers: { "x-subscription-token": token },
      answer,
      hint: () => "Check the key that the connector's tokenVariable names, and its plan.",
    };
  };
  return {
    who: "Brave Search",
    baseUrl,
    takesLanguage: true,
    search: ({ query, count, language, freshness }) =>
      ask({
        q: query,
        count: String(count),
        search_lang: language?.split("-")[0],
        freshness: freshness === undefined ? undefined : freshnessWords[freshness],
      }),
    // There is nothing cheaper that needs the key.
    check: ask({ q: "agent33", count: "1" }),
  };
}
