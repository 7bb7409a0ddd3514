import { expect } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../../test/connectors/http-peer.ts";
import { webKind } from "./connector.ts";
import { webSettings } from "./settings.ts";

// The host of the peer is the input's, so both are known only when it runs.
let url = "";
const textPeer = async (type: string, body: string): Promise<HttpPeer> => {
  const peer = await httpPeer(() => ({ headers: { "content-type": type }, body }));
  url = `${peer.url}/page?x=1#part`;
  return peer;
};

const open = (peer: HttpPeer) =>
  webKind.open(
    webSettings.parse({ kind: "web", checkUrl: `${peer.url}/`, userAgent: "tester/1" }),
    {
      name: "web",
      secret: () => "",
      now: () => Date.now(),
    },
  );

const fetchOf = (peer: HttpPeer) => {
  const [tool] = open(peer).tools;
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
    spec: fetchOf,
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
