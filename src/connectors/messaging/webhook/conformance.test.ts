import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { connectorConformance } from "../../../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../../../test/connectors/http-peer.ts";
import { webhookKind } from "./connector.ts";
import { webhookSettings } from "./settings.ts";

const key = Buffer.alloc(32, 9);
const secret = `whsec_${key.toString("base64")}`;
const at = Date.UTC(2026, 10, 22, 12, 0, 0);

const open = (peer: HttpPeer, more: Record<string, unknown> = {}) =>
  webhookKind.open(
    webhookSettings.parse({
      kind: "webhook",
      url: `${peer.url}/hooks/agent`,
      secretVariable: "HOOK_SECRET",
      ...more,
    }),
    { name: "desk", secret: () => secret, now: () => at },
  );

const send = (peer: HttpPeer, more?: Record<string, unknown>) => {
  const [tool] = open(peer, more).tools;
  if (tool === undefined) throw new Error("no tool");
  return tool;
};

connectorConformance({
  name: "webhook send",
  peer: () => httpPeer(() => ({ status: 202, body: "{}" })),
  spec: (peer) => send(peer, { recipients: ["ann", "bob"] }).spec,
  input: { text: "The build is done.", recipient: "bob" },
  good: ({ content }, peer) => {
    expect(content).toMatch(/^Sent to 127\.0\.0\.1:\d+\.$/);
    const [request] = peer.requests;
    if (request === undefined) throw new Error("nothing came");
    const { headers, body, path } = request;
    expect(path).toBe("/hooks/agent");
    expect(JSON.parse(body)).toEqual({
      type: "agent.message",
      timestamp: "2026-11-22T12:00:00.000Z",
      data: { text: "The build is done.", recipient: "bob" },
    });
    const id = String(headers["webhook-id"]);
    expect(id).toMatch(/^msg_[0-9a-f]{64}$/);
    // What a receiver does, from the specification: the signed text is id, time and body.
    const signed = `${id}.${String(headers["webhook-timestamp"])}.${body}`;
    const signature = createHmac("sha256", key).update(signed).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${signature}`);
  },
  secrets: [secret, key.toString("base64")],
  takes: {
    huge: ({ content }) => expect(content).toMatch(/^Sent to /),
    malformed: ({ content }) => expect(content).toMatch(/^Sent to /),
  },
});

connectorConformance({
  name: "webhook check",
  peer: () => httpPeer(() => ({ status: 405 })),
  spec: (peer) => open(peer).check,
  input: undefined,
  good: (found, peer) => {
    expect(found).toMatch(/^127\.0\.0\.1:\d+ answers \(405\)$/);
    expect(peer.requests[0]).toMatchObject({ method: "HEAD", path: "/hooks/agent" });
  },
  secrets: [secret],
  cannot: {
    cut: "an answer to HEAD has no body",
    huge: "an answer to HEAD has no body",
    malformed: "an answer to HEAD has no body",
  },
});

test("a recipient that is not listed is refused before anything is sent", () => {
  const nowhere = { url: "http://127.0.0.1:1" } as HttpPeer;
  const { tool } = send(nowhere, { recipients: ["ann", "bob"] });
  expect(tool.parse({ text: "x", recipient: "Ann" })).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining("must be one of: ann, bob") },
  });
  expect(send(nowhere).tool.parse({ text: "x", recipient: "ann" })).toMatchObject({ ok: false });
});
