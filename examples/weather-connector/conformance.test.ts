import { expect } from "vitest";
import { connectorConformance } from "../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../test/connectors/http-peer.ts";
import { weatherKind } from "./connector.ts";

const open = ({ url }: HttpPeer) =>
  weatherKind.open(
    { kind: "weather", baseUrl: url, tokenVariable: "WEATHER_KEY" },
    { name: "weather", secret: () => "key-0f9a4d21", now: () => Date.now() },
  );
const peer = () => httpPeer(() => ({ body: '{"celsius":7,"sky":"rain"}' }));
const secrets = ["key-0f9a4d21"];

connectorConformance({
  name: "weather forecast",
  peer,
  spec: (peer) => open(peer).tools[0]!.spec,
  input: { city: "Zürich" },
  good: ({ content }, { requests }) => {
    expect(content).toBe("7 °C, rain");
    expect(requests[0]).toMatchObject({ path: "/forecast?city=Z%C3%BCrich" });
  },
  secrets,
});

connectorConformance({
  name: "weather check",
  peer,
  spec: (peer) => open(peer).check,
  input: undefined,
  good: (found) => expect(found).toBe("7 °C in Oslo"),
  secrets,
});
