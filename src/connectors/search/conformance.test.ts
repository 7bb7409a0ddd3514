import { expect } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { type HttpAnswer, type HttpPeer, httpPeer } from "../../../test/connectors/http-peer.ts";
import { searchKind } from "./connector.ts";
import { searchSettings } from "./settings.ts";

const token = "key-8d1f60c2ae";
const found = { title: "Found & kept", url: "https://a.example/page" };

interface ProviderCase {
  readonly answer: unknown;
  /** The request that the service got for the input below. */
  readonly path: RegExp;
  readonly request: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, string>>;
  readonly check: Readonly<Record<string, unknown>>;
  readonly published: string;
}

const cases: Readonly<Record<string, ProviderCase>> = {
  searxng: {
    settings: {},
    answer: {
      query: "q",
      number_of_results: 0,
      results: [
        {
          ...found,
          content: "A snippet.",
          publishedDate: "2026-01-02T00:00:00",
          engine: "one",
          score: 1,
        },
        { title: "Bad", url: "javascript:alert(1)", content: null },
      ],
      answers: [],
      suggestions: [],
      unresponsive_engines: [["two", "timeout"]],
    },
    path: /^\/search\?q=what\+is\+it&language=en&time_range=week&format=json$/,
    request: { method: "GET" },
    check: { path: "/search?q=agent33&format=json" },
    published: "2026-01-02T00:00:00",
  },
  brave: {
    settings: { tokenVariable: "BRAVE_KEY" },
    answer: {
      type: "search",
      query: { original: "q" },
      web: {
        type: "search",
        results: [
          {
            ...found,
            description: "A snippet.",
            age: "2 days ago",
            page_age: "2026-01-02T03:04:05",
          },
          { title: "Bad", url: "javascript:alert(1)", description: "x" },
        ],
      },
    },
    path: /^\/web\/search\?q=what\+is\+it&count=5&search_lang=en&freshness=pw&text_decorations=false$/,
    request: { method: "GET", headers: { "x-subscription-token": token } },
    check: { headers: { "x-subscription-token": token } },
    published: "2026-01-02T03:04:05",
  },
  tavily: {
    settings: { tokenVariable: "TAVILY_KEY" },
    answer: {
      query: "q",
      key: { usage: 1, limit: 1_000 },
      results: [
        {
          ...found,
          content: "A snippet.",
          score: 0.9,
          published_date: "Fri, 02 Jan 2026 03:04:05 GMT",
        },
        { title: "Bad", url: "javascript:alert(1)", content: "x", score: 0.1 },
      ],
      response_time: 0.5,
    },
    path: /^\/search$/,
    request: {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: '{"query":"what is it","max_results":5,"time_range":"week"}',
    },
    check: { path: "/usage", headers: { authorization: `Bearer ${token}` } },
    published: "Fri, 02 Jan 2026 03:04:05 GMT",
  },
};

for (const [provider, { settings, answer, path, request, check, published }] of Object.entries(
  cases,
)) {
  const body: HttpAnswer = { body: JSON.stringify(answer) };
  const open = (peer: HttpPeer) =>
    searchKind.open(
      searchSettings.parse({ kind: "search", provider, baseUrl: peer.url, ...settings }),
      { name: "web", secret: () => token, now: () => Date.now() },
    );
  connectorConformance({
    name: `search with ${provider}`,
    peer: () => httpPeer(() => body),
    spec: (peer) => {
      const [tool] = open(peer).tools;
      if (tool === undefined) throw new Error("no tool");
      return tool.spec;
    },
    input: {
      query: "what is it",
      count: 5,
      freshness: "week",
      ...(provider === "tavily" ? {} : { language: "en" }),
    },
    good: ({ content, structured }, peer) => {
      expect(structured).toEqual({ results: [{ ...found, snippet: "A snippet.", published }] });
      expect(content).toContain(
        `1. Found & kept\n   ${found.url}\n   ${published}\n   A snippet.\n`,
      );
      if (provider === "searxng") expect(content).toContain("note: No answer from two: timeout.");
      expect(peer.requests[0]).toMatchObject(matching(request));
      expect(peer.requests[0]?.path).toMatch(path);
    },
    secrets: [token],
  });
  connectorConformance({
    name: `${provider} check`,
    peer: () => httpPeer(() => body),
    spec: (peer) => open(peer).check,
    input: undefined,
    good: (said, peer) => {
      expect(said).toMatch(/ at 127\.0\.0\.1:\d+ answers$/);
      expect(peer.requests[0]).toMatchObject(matching(check));
    },
    secrets: [token],
  });
}

function matching(wanted: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { headers, ...rest } = wanted;
  return headers === undefined ? rest : { ...rest, headers: expect.objectContaining(headers) };
}
