import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectorConformance } from "../../../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../../../test/connectors/http-peer.ts";
import { temporaryFolder } from "../../../../test/support/temporary.ts";
import { fromOutside } from "../../../base/outside.ts";
import { visionKind } from "./connector.ts";
import { imageType } from "./image-type.ts";
import { visionSettings } from "./settings.ts";

const token = "sk-not-a-real-key-000000";
const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const root = temporaryFolder("vision");
writeFileSync(join(root, "chart.dat"), png);
writeFileSync(join(root, "notes.png"), "not a picture at all");

const open = (peer: HttpPeer) =>
  visionKind.open(
    visionSettings.parse({
      kind: "vision",
      baseUrl: `${peer.url}/v1`,
      tokenVariable: "VISION_KEY",
      model: "sees-1",
    }),
    { name: "eyes", secret: () => token, now: () => Date.now() },
  );
const toolOf = (peer: HttpPeer) => {
  const [tool] = open(peer).toolsIn?.({ root, closed: [] }) ?? [];
  if (tool === undefined) throw new Error("no tool");
  return tool;
};
const server = () =>
  httpPeer(
    ({ path }) =>
      path === "/v1/models"
        ? { body: '{"object":"list","data":[{"id":"sees-1","object":"model"}]}' }
        : {
            body: JSON.stringify({
              id: "chatcmpl-1",
              object: "chat.completion",
              choices: [
                {
                  index: 0,
                  message: { role: "assistant", content: "A bar chart." },
                  finish_reason: "stop",
                },
              ],
              usage: { prompt_tokens: 700, completion_tokens: 5, total_tokens: 705 },
            }),
          },
    {
      refusing: () => ({
        status: 401,
        body: '{"error":{"message":"Incorrect API key provided.","code":"invalid_api_key"}}',
      }),
    },
  );

connectorConformance({
  name: "vision describe",
  peer: server,
  spec: (peer) => toolOf(peer).spec,
  input: { path: "chart.dat", question: "What is it?" },
  good: (output, peer) => {
    expect(output).toEqual({
      content: fromOutside(['seen in: "chart.dat"'], "A bar chart."),
      isError: false,
      structured: { tokens: 705 },
    });
    expect(peer.requests[0]).toMatchObject({
      path: "/v1/chat/completions",
      headers: { authorization: `Bearer ${token}` },
    });
    expect(JSON.parse(peer.requests[0]?.body ?? "")).toEqual({
      model: "sees-1",
      max_completion_tokens: 1_000,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            {
              type: "image_url",
              image_url: { url: `data:image/png;base64,${png.toString("base64")}` },
            },
          ],
        },
      ],
    });
  },
  secrets: [token],
});

connectorConformance({
  name: "vision check",
  peer: server,
  spec: (peer) => open(peer).check,
  input: undefined,
  good: (found) => expect(found).toMatch(/ has sees-1$/),
  secrets: [token],
});

test("what a description used is charged in tokens, without a price that nobody stated", () => {
  const { spec } = toolOf({ url: "http://127.0.0.1:1" } as HttpPeer);
  const args = { path: "chart.dat" };
  const output = { content: "x", isError: false };
  expect(spec.measure?.({ ...output, structured: { tokens: 705 } }, args)).toEqual({ tokens: 705 });
  expect(spec.measure?.(output, args)).toEqual({});
});

test.each([
  ["89504e470d0a1a0a", "image/png"],
  ["ffd8ffe000104a46", "image/jpeg"],
  ["474946383961", "image/gif"],
  ["524946460a00000057454250", "image/webp"],
  ["524946460a00000057415645", undefined],
  ["3c737667", undefined],
  ["", undefined],
])("bytes that begin with %s are %s", (hex, type) => {
  expect(imageType(Buffer.from(hex, "hex"))).toBe(type);
});
