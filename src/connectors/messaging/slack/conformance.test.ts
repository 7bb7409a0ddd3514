import { describe, expect, test } from "vitest";
import { connectorConformance } from "../../../../test/connectors/conformance.ts";
import { type HttpAnswer, type HttpPeer, httpPeer } from "../../../../test/connectors/http-peer.ts";
import { slackKind } from "./connector.ts";
import { slackError } from "./errors.ts";
import { slackSettings } from "./settings.ts";

const token = "xoxb-0000-not-a-real-token";

const open = (peer: HttpPeer, more: Record<string, unknown> = {}) =>
  slackKind.open(
    slackSettings.parse({
      kind: "slack",
      tokenVariable: "SLACK_TOKEN",
      channels: ["#ops", "C0123456789"],
      baseUrl: `${peer.url}/api`,
      ...more,
    }),
    { name: "team", secret: () => token, now: () => Date.now() },
  );

const send = (peer: HttpPeer, more?: Record<string, unknown>) => {
  const [tool] = open(peer, more).tools;
  if (tool === undefined) throw new Error("no tool");
  return tool;
};

const said = (body: object): HttpAnswer => ({ body: JSON.stringify(body) });
const slack = () =>
  httpPeer(
    ({ path, body }) =>
      path === "/api/auth.test"
        ? said({ ok: true, user: "agent", team: "Home", user_id: "U1", team_id: "T1" })
        : said({
            ok: true,
            channel: "C0123456789",
            ts: "1405895017.000506",
            message: { text: body },
          }),
    {
      busy: () => ({
        ...said({ ok: false, error: "ratelimited" }),
        status: 429,
        headers: { "retry-after": "2" },
      }),
      failing: () => said({ ok: false, error: "internal_error" }),
      refusing: () => said({ ok: false, error: "invalid_auth" }),
    },
  );

const sentBody = (peer: HttpPeer) =>
  JSON.parse(peer.requests[0]?.body ?? "{}") as Record<string, unknown>;

connectorConformance({
  name: "slack send",
  peer: slack,
  spec: (peer) => send(peer).spec,
  input: { text: "<!channel> the deploy & all <@U1>", channel: "#ops" },
  good: ({ content }, peer) => {
    expect(content).toBe("Sent to #ops (message 1405895017.000506).");
    expect(peer.requests[0]).toMatchObject({
      method: "POST",
      path: "/api/chat.postMessage",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json; charset=utf-8",
      },
    });
    expect(sentBody(peer)).toEqual({
      channel: "#ops",
      text: "&lt;!channel&gt; the deploy &amp; all &lt;@U1&gt;",
      unfurl_links: false,
      unfurl_media: false,
    });
  },
  secrets: [token],
});

connectorConformance({
  name: "slack send with mentions",
  peer: slack,
  spec: (peer) => send(peer, { mentions: true }).spec,
  input: { text: "<!channel> look", channel: "C0123456789" },
  good: (_output, peer) =>
    expect(sentBody(peer)).toMatchObject({ text: "<!channel> look", channel: "C0123456789" }),
  secrets: [token],
});

connectorConformance({
  name: "slack check",
  peer: slack,
  spec: (peer) => open(peer).check,
  input: undefined,
  good: (found, peer) => {
    expect(found).toBe("Slack knows the token as agent in Home");
    expect(peer.requests[0]).toMatchObject({ path: "/api/auth.test" });
  },
  secrets: [token],
});

describe("a message to Slack", () => {
  const { tool } = send({ url: "http://127.0.0.1:1" } as HttpPeer);

  test.each([
    [{ text: "Done.", channel: "#general" }, "must be one of: #ops, C0123456789"],
    [{ text: "Done.", channel: "#OPS" }, "must be one of"],
    [{ text: "Done." }, "must be one of"],
    [{ text: "   ", channel: "#ops" }, "must not be empty"],
    [{ text: "x".repeat(4_001), channel: "#ops" }, "shorten it, or send it in several"],
  ])("is refused before anything is sent: %#", (args, why) => {
    expect(tool.parse(args)).toMatchObject({
      ok: false,
      error: { code: "tools.invalid_arguments", message: expect.stringContaining(why) },
    });
  });

  test("needs no channel where there is only one", () => {
    const only = send({ url: "http://127.0.0.1:1" } as HttpPeer, { channels: ["#ops"] }).tool;
    expect(only.parse({ text: "Done." })).toMatchObject({ ok: true, value: { channel: "#ops" } });
  });
});

describe("a word of Slack's", () => {
  test.each([
    ["channel_not_found", "upstream_4xx", "member"],
    ["not_in_channel", "upstream_4xx", "/invite"],
    ["missing_scope", "upstream_4xx", "chat:write"],
    ["msg_too_long", "upstream_4xx", undefined],
    ["rate_limited", "upstream_429", undefined],
    ["fatal_error", "upstream_5xx", undefined],
  ])("%s is %s", (word, kind, hint) => {
    const error = slackError(word);
    expect(error).toMatchObject({ kind, phase: "sent" });
    expect(error.message).toContain(word);
    if (hint === undefined) expect(error.hint).toBeUndefined();
    else expect(error.hint).toContain(hint);
  });
});
