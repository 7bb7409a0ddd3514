import { describe, expect, test } from "vitest";
import { connectorConformance } from "../../../../test/connectors/conformance.ts";
import { type HttpAnswer, type HttpPeer, httpPeer } from "../../../../test/connectors/http-peer.ts";
import { discordKind } from "./connector.ts";
import { discordHint } from "./errors.ts";
import { discordSettings } from "./settings.ts";

const token = "not.a-real.bot-token";
const webhookToken = "not-a-real_webhook-token";

const parts = (secret: string) => ({ name: "guild", secret: () => secret, now: () => Date.now() });
const asBot = (peer: HttpPeer, more: Record<string, unknown> = {}) =>
  discordKind.open(
    discordSettings.parse({
      kind: "discord",
      tokenVariable: "DISCORD_TOKEN",
      channels: ["900000000000000001"],
      baseUrl: `${peer.url}/api/v10`,
      ...more,
    }),
    parts(token),
  );
const throughWebhook = (peer: HttpPeer, address = `${peer.url}/api/webhooks/77/${webhookToken}`) =>
  discordKind.open(
    discordSettings.parse({ kind: "discord", webhookVariable: "DISCORD_WEBHOOK" }),
    parts(address),
  );
const sendOf = ({ tools: [tool] }: ReturnType<typeof asBot>) => {
  if (tool === undefined) throw new Error("no tool");
  return tool;
};

const said = (body: object, status = 200): HttpAnswer => ({ status, body: JSON.stringify(body) });
const discord = () =>
  httpPeer(
    ({ method, path }) => {
      if (method === "POST") return said({ id: "1234", content: "…" });
      return said(path.includes("/webhooks/") ? { id: "77", name: "Ops" } : { username: "agent" });
    },
    {
      busy: () =>
        said({ message: "You are being rate limited.", retry_after: 2, global: false }, 429),
      failing: () => said({ message: "503: Service Unavailable", code: 0 }, 503),
      refusing: ({ path }) => said({ message: `401: Unauthorized ${path}`, code: 0 }, 401),
    },
  );
const sentBody = (peer: HttpPeer) =>
  JSON.parse(peer.requests[0]?.body ?? "{}") as Record<string, unknown>;

connectorConformance({
  name: "discord send as a bot",
  peer: discord,
  spec: (peer) => sendOf(asBot(peer)).spec,
  input: { text: "@everyone the build is done", channel: "900000000000000001" },
  good: ({ content }, peer) => {
    expect(content).toBe("Sent to channel 900000000000000001 (message 1234).");
    expect(peer.requests[0]).toMatchObject({
      method: "POST",
      path: "/api/v10/channels/900000000000000001/messages",
      headers: {
        authorization: `Bot ${token}`,
        "user-agent": expect.stringMatching(/^DiscordBot \(.+, .+\)$/),
      },
    });
    expect(sentBody(peer)).toEqual({
      content: "@everyone the build is done",
      allowed_mentions: { parse: [] },
      flags: 4,
      nonce: expect.stringMatching(/^[0-9a-f]{25}$/),
      enforce_nonce: true,
    });
  },
  secrets: [token],
});

connectorConformance({
  name: "discord send with mentions",
  peer: discord,
  spec: (peer) => sendOf(asBot(peer, { mentions: true })).spec,
  input: { text: "@everyone" },
  good: (_output, peer) =>
    expect(sentBody(peer)).toMatchObject({
      allowed_mentions: { parse: ["everyone", "roles", "users"] },
    }),
  secrets: [token],
});

connectorConformance({
  name: "discord send through a webhook",
  peer: discord,
  spec: (peer) => sendOf(throughWebhook(peer)).spec,
  input: { text: "The build is done." },
  good: ({ content }, peer) => {
    expect(content).toBe("Sent (message 1234).");
    expect(peer.requests[0]?.path).toBe(`/api/webhooks/77/${webhookToken}?wait=true`);
    expect(sentBody(peer)).toEqual({
      content: "The build is done.",
      allowed_mentions: { parse: [] },
      flags: 4,
    });
  },
  secrets: [webhookToken],
});

connectorConformance({
  name: "discord check as a bot",
  peer: discord,
  spec: (peer) => asBot(peer).check,
  input: undefined,
  good: (found, peer) => {
    expect(found).toBe("Discord knows the token as agent");
    expect(peer.requests[0]).toMatchObject({ method: "GET", path: "/api/v10/users/@me" });
  },
  secrets: [token],
});

connectorConformance({
  name: "discord check of a webhook",
  peer: discord,
  spec: (peer) => throughWebhook(peer).check,
  input: undefined,
  good: (found, peer) => {
    expect(found).toBe("Discord knows the webhook as Ops");
    expect(peer.requests[0]).toMatchObject({
      method: "GET",
      path: `/api/webhooks/77/${webhookToken}`,
    });
  },
  secrets: [webhookToken],
});

describe("the settings of Discord", () => {
  test.each([
    [{}, "either tokenVariable and channels, or webhookVariable"],
    [{ tokenVariable: "A", channels: ["1"], webhookVariable: "B" }, "either tokenVariable"],
    [{ tokenVariable: "A" }, "at least one channel"],
    [{ webhookVariable: "B", channels: ["1"] }, "a webhook has its own"],
    [{ tokenVariable: "A", channels: ["ops"] }, "channel's id"],
  ])("%j are refused", (given, why) => {
    const { error } = discordSettings.safeParse({ kind: "discord", ...given });
    expect(error?.issues.map(({ message }) => message).join()).toContain(why);
  });

  test("hold no address that is not a webhook's, and do not repeat it", () => {
    const address = `https://chat.example/hooks/${webhookToken}`;
    let told = "";
    try {
      throughWebhook({ url: "" } as HttpPeer, address);
    } catch (error) {
      expect(error).toMatchObject({ code: "messaging.bad_discord_webhook" });
      told = JSON.stringify(error);
    }
    expect(told).toContain("DISCORD_WEBHOOK");
    expect(told).not.toContain(webhookToken);
  });
});

test.each([
  [{ text: "x".repeat(2_001) }, "Discord takes 2000 characters"],
  [{ text: "x", channel: "900000000000000002" }, "must be one of: 900000000000000001"],
])("a message is refused before anything is sent: %#", (args, why) => {
  const { tool } = sendOf(asBot({ url: "http://127.0.0.1:1" } as HttpPeer));
  expect(tool.parse(args)).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining(why) },
  });
});

test.each([
  [403, "Send Messages"],
  [404, "may have been deleted"],
])("a refusal with %i says what to do", (status, hint) => {
  expect(discordHint(status)).toContain(hint);
});
