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
