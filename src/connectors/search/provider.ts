import type { JsonRequest } from "../http/exchange.ts";

export const freshnesses = ["day", "week", "month", "year"] as const;

export interface SearchQuery {
  readonly query: string;
  readonly count: number;
  readonly language?: string | undefined;
  /** Not older than this. */
  readonly freshness?: (typeof freshnesses)[number] | undefined;
}

export interface SearchResult {
  readonly title: string;
  readonly url: string;
  readonly snippet: string;
  /** When it was published, as the provider says it. */
  readonly published?: string | null | undefined;
}

/** Results, and what a person should know of how they came about. */
export interface SearchAnswer {
  readonly results: readonly SearchResult[];
  readonly notes: readonly string[];
}

/** One search service: what it is asked, and what its answers mean. */
export interface SearchProvider {
  /** As a person would name it. */
  readonly who: string;
  readonly baseUrl: string;
  readonly takesLanguage: boolean;
  search(query: SearchQuery): JsonRequest<SearchAnswer>;
  /** A request that shows whether the key is taken, at the least cost. */
  readonly check: JsonRequest<unknown>;
}
