import { expect } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../../test/connectors/http-peer.ts";
import type { ToolOutput } from "../../tools/tool.ts";
import { webKind } from "./connector.ts";
import { pdfOf } from "./documents.fixture.ts";
import { webSettings } from "./settings.ts";

// The host of the peer is the input's, so both are known only when it runs.
let url = "";
const textPeer = async (type: string, body: string | Uint8Array): Promise<HttpPeer> => {
  const peer = await httpPeer(() => ({ headers: { "content-type": type }, body }));
  url = `${peer.url}/page?x=1#part`;
  return peer;
};

const open = (peer: HttpPeer, more: Record<string, unknown> = {}) =>
  webKind.open(
    webSettings.parse({ kind: "web", checkUrl: `${peer.url}/`, userAgent: "tester/1", ...more }),
    {
      name: "web",
      secret: () => "",
      now: () => Date.now(),
    },
  );

const fetchOf = (peer: HttpPeer, more?: Record<string, unknown>) => {
  const [tool] = open(peer, more).tools;
  if (tool === undefined) throw new Error("no tool");
  return tool.spec;
};

for (const [type, body] of [
  ["text/plain; charset=utf-8", "plain words"],
  ["application/json", '{"a":1}'],
] as const) {
  connectorConformance({
    name: `web fetch of ${type}`,
    peer: () => textPeer(type, body),
    spec: (peer) => fetchOf(peer),
    get input() {
      return { url };
    },
    good: ({ content, structured }, peer) => {
      expect(content).toContain(`\n${body}\n`);
      expect(structured).toMatchObject({ url: `${peer.url}/page?x=1`, next_offset: null });
      expect(peer.requests[0]).toMatchObject({
        method: "GET",
        path: "/page?x=1",
        headers: { "user-agent": "tester/1" },
      });
    },
    secrets: [],
    takes: {
      huge: ({ content }) => expect(content).toContain("["),
      malformed: ({ content }) => expect(content).toMatch(/\{"(?:ÿþ|\ufffd\ufffd)/),
    },
  });
}

// What is parsed is parsed by a process of its own, whose time is limited too: less is quicker.
const parsed: readonly (readonly [
  type: string,
  body: string | Uint8Array,
  takes: Record<"huge" | "malformed", (output: ToolOutput) => void>,
])[] = [
  [
    "text/html; charset=utf-8",
    "<title>x</title><p>plain <i>words</i>",
    {
      huge: ({ content }) => expect(content).toMatch(/\n(?:\\?\[){9}/),
      malformed: ({ content }) => expect(content).toMatch(/\n\{"\ufffd\ufffd.\\\]\n/s),
    },
  ],
  [
    "application/pdf",
    pdfOf(["plain words"]),
    {
      huge: ({ content }) => expect(content).toMatch(/\n\[{9}/),
      malformed: ({ content, isError }) => {
        expect(isError).toBe(true);
        expect(content).toMatch(/ cannot be read/);
      },
    },
  ],
];
for (const [type, body, takes] of parsed) {
  connectorConformance({
    name: `web fetch of ${type}`,
    peer: () => textPeer(type, body),
    spec: (peer) => fetchOf(peer, { maxBytes: 64 * 1024 }),
    get input() {
      return { url };
    },
    good: ({ content }) => expect(content).toMatch(/^plain .?words/m),
    secrets: [],
    takes,
  });
}

connectorConformance({
  name: "web check",
  peer: () => textPeer("text/html", "<p>Hello</p>"),
  spec: (peer) => open(peer).check,
  input: undefined,
  good: (found) => expect(found).toMatch(/^127\.0\.0\.1:\d+ answers \(200\)$/),
  secrets: [],
  takes: {
    huge: (found) => expect(found).toMatch(/ answers \(200\)$/),
    malformed: (found) => expect(found).toMatch(/ answers \(200\)$/),
  },
  cannot: { cut: "what follows the answer's head is not read" },
});
