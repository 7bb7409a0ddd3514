import { expect } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../../test/connectors/http-peer.ts";
import { fromOutside } from "../../base/outside.ts";
import type { ToolOutput } from "../../tools/tool.ts";
import { httpKind } from "./connector.ts";
import { httpSettings } from "./settings.ts";

const token = "tok-5f2d9c81b7";

const open = (peer: HttpPeer, more: Record<string, unknown> = {}) =>
  httpKind.open(
    httpSettings.parse({
      kind: "http",
      baseUrl: `${peer.url}/v1`,
      methods: ["GET", "POST", "DELETE"],
      secretHeaders: { authorization: "SHOP_TOKEN" },
      ...more,
    }),
    { name: "shop", secret: () => token, now: () => Date.now() },
  );

const request = (peer: HttpPeer, more?: Record<string, unknown>) => {
  const [tool] = open(peer, more).tools;
  if (tool === undefined) throw new Error("no tool");
  return tool.spec;
};

const takes = {
  huge: ({ content }: ToolOutput) => expect(content).toContain("["),
  malformed: ({ content }: ToolOutput) => expect(content).toMatch(/\{"(?:ÿþ|\ufffd\ufffd)/),
};

for (const method of ["GET", "POST", "DELETE"]) {
  connectorConformance({
    name: `http ${method}`,
    peer: () => httpPeer(({ path }) => ({ body: JSON.stringify({ path }) })),
    spec: (peer) => request(peer),
    input: { method, path: "/items?page=2" },
    good: ({ content }, peer) => {
      expect(content).toBe(fromOutside(["200, application/json"], '{"path":"/v1/items?page=2"}'));
      expect(peer.requests[0]).toMatchObject({ method, headers: { authorization: token } });
    },
    secrets: [token],
    takes,
  });
}

connectorConformance({
  name: "http POST with a key",
  peer: () => httpPeer(() => ({ status: 201, body: "{}" })),
  spec: (peer) => request(peer, { idempotencyHeader: "Idempotency-Key" }),
  input: { method: "POST", path: "items", body: '{"a":1}' },
  good: (_output, peer) => {
    expect(peer.requests[0]?.headers["idempotency-key"]).toMatch(/^[0-9a-f]{64}$/);
    expect(peer.requests[0]).toMatchObject({ path: "/v1/items", body: '{"a":1}' });
  },
  secrets: [token],
  takes,
});

connectorConformance({
  name: "http check",
  peer: () => httpPeer(() => ({ status: 404 })),
  spec: (peer) => open(peer).check,
  input: undefined,
  good: (found) => expect(found).toMatch(/^127\.0\.0\.1:\d+ answers \(404\)$/),
  secrets: [token],
  cannot: {
    cut: "an answer to HEAD has no body",
    huge: "an answer to HEAD has no body",
    malformed: "an answer to HEAD has no body",
  },
});
