import { expect } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../../test/connectors/http-peer.ts";
import {
  faultyStreamPeer,
  modelPeer,
  modelPeerPlans,
} from "../../../test/connectors/model-peers.ts";
import { systemClock } from "../../base/clock.ts";
import { loadPrices } from "../../models/prices.ts";
import { createModel } from "../../models/providers.ts";
import { loadTokenCounter } from "../../models/tokens.ts";
import { modelConnectorSpec } from "./connector.ts";
import { modelListSpec } from "./model-list.ts";
import { modelServerProbe } from "./probe.ts";

const apiKey = "sk-live-9f27c1d0aa";
const prices = await loadPrices({ clock: systemClock });
const tokens = await loadTokenCounter();

for (const plan of modelPeerPlans) {
  const usual = {
    spec: async ({ url }: HttpPeer) => {
      const model = await createModel({
        spec: plan.spec,
        apiKey,
        baseUrl: `${url}${plan.basePath}`,
      });
      return modelConnectorSpec(model, { prices, tokens, clock: systemClock });
    },
    input: {
      system: "",
      messages: [{ role: "user" as const, text: "Hi" }],
      tools: [],
      maxOutputTokens: 64,
    },
    secrets: [apiKey],
  };
  connectorConformance({
    ...usual,
    name: `the model ${plan.spec}`,
    peer: () => modelPeer(plan),
    good: ({ parts }, { requests }) => {
      expect(parts).toMatchObject([{ type: "text", text: "Hello." }]);
      const [header, before] = plan.keyHeader;
      expect(requests[0]?.headers[header]).toBe(`${before}${apiKey}`);
    },
  });
  connectorConformance({
    ...usual,
    name: `the model ${plan.spec} whose stream has begun`,
    begun: true,
    peer: () => faultyStreamPeer(plan),
    good: ({ usage }) => expect(usage.inputTokens).toBeGreaterThan(0),
    cannot: {
      busy: "who is to wait is told instead of a stream",
      refusing: "credentials are looked at before a stream",
    },
  });
}

// The address of the peer is the input's, so both are known only when it runs.
let baseUrl = "";

const listings = [
  ["openai", "/v1", "/models", "authorization", `Bearer ${apiKey}`],
  ["openai-compatible", "/v1", "/models", "authorization", `Bearer ${apiKey}`],
  ["anthropic", "/v1", "/models?limit=1000", "x-api-key", apiKey],
  ["google", "/v1beta", "/models?pageSize=1000", "x-goog-api-key", apiKey],
] as const;

for (const [vendor, base, path, header, key] of listings) {
  connectorConformance({
    name: `the list of the models of ${vendor}`,
    peer: async () => {
      const body =
        vendor === "google"
          ? '{"models":[{"name":"models/gemini-2.5-pro"}],"nextPageToken":""}'
          : '{"object":"list","data":[{"id":"m1","object":"model"}],"has_more":false}';
      const peer = await httpPeer(() => ({ body }));
      baseUrl = `${peer.url}${base}`;
      return peer;
    },
    spec: () => modelListSpec(vendor, () => systemClock.now()),
    get input() {
      return { baseUrl, apiKey };
    },
    good: (models, { requests }) => {
      expect(models).toEqual([vendor === "google" ? "gemini-2.5-pro" : "m1"]);
      expect(requests[0]).toMatchObject({ method: "GET", path: `${base}${path}` });
      expect(requests[0]?.headers[header]).toBe(key);
    },
    secrets: [apiKey],
  });
}

connectorConformance({
  name: "the look at which models a server has",
  peer: async () => {
    const peer = await httpPeer(() => ({
      body: '{"object":"list","data":[{"id":"local-1","object":"model"}]}',
    }));
    baseUrl = `${peer.url}/v1`;
    return peer;
  },
  spec: () => modelServerProbe(() => systemClock.now()),
  get input() {
    return { baseUrl };
  },
  good: (models, { requests }) => {
    expect(models).toEqual(["local-1"]);
    expect(requests).toMatchObject([{ method: "GET", path: "/v1/models" }]);
  },
  secrets: [],
});
