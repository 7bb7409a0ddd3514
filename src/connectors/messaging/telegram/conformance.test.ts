import { expect, test } from "vitest";
import { connectorConformance } from "../../../../test/connectors/conformance.ts";
import { type HttpAnswer, type HttpPeer, httpPeer } from "../../../../test/connectors/http-peer.ts";
import { telegramKind } from "./connector.ts";
import { telegramHint, telegramRefusal } from "./errors.ts";
import { telegramSettings } from "./settings.ts";

const token = "123456:not-a-real_Token";

const open = (peer: HttpPeer, more: Record<string, unknown> = {}, secret = token) =>
  telegramKind.open(
    telegramSettings.parse({
      kind: "telegram",
      tokenVariable: "TELEGRAM_TOKEN",
      chats: ["-1001234567890"],
      baseUrl: peer.url,
      ...more,
    }),
    { name: "phone", secret: () => secret, now: () => Date.now() },
  );

const send = (peer: HttpPeer, more?: Record<string, unknown>) => {
  const [tool] = open(peer, more).tools;
  if (tool === undefined) throw new Error("no tool");
  return tool;
};

const no = (status: number, description: string, parameters: object = {}): HttpAnswer => ({
  status,
  body: JSON.stringify({ ok: false, error_code: status, description, parameters }),
});
const yes = (result: object): HttpAnswer => ({ body: JSON.stringify({ ok: true, result }) });
const telegram = () =>
  httpPeer(
    ({ path }) =>
      path.endsWith("/getMe")
        ? yes({ id: 1, is_bot: true, first_name: "Agent", username: "agent_bot" })
        : yes({ message_id: 42, date: 1, chat: { id: -1001234567890, type: "supergroup" } }),
    {
      busy: () => no(429, "Too Many Requests: retry after 2", { retry_after: 2 }),
      failing: ({ path }) => no(502, `Bad Gateway at ${path}`),
      // A server in between that tells what it was asked for.
      refusing: ({ path }) => ({ status: 401, body: `<h1>401</h1> ${path} is not for you` }),
    },
  );

connectorConformance({
  name: "telegram send",
  peer: telegram,
  spec: (peer) => send(peer).spec,
  input: { text: "The build is done.", chat: "-1001234567890" },
  good: ({ content }, peer) => {
    expect(content).toBe("Sent to -1001234567890 (message 42).");
    expect(peer.requests[0]).toMatchObject({ method: "POST", path: `/bot${token}/sendMessage` });
    expect(JSON.parse(peer.requests[0]?.body ?? "{}")).toEqual({
      chat_id: "-1001234567890",
      text: "The build is done.",
      disable_notification: false,
      link_preview_options: { is_disabled: true },
    });
  },
  secrets: [token],
});

connectorConformance({
  name: "telegram check",
  peer: telegram,
  spec: (peer) => open(peer).check,
  input: undefined,
  good: (found) => expect(found).toBe("Telegram knows the token as @agent_bot"),
  secrets: [token],
});

test("a message to a chat that is not listed is refused before anything is sent", () => {
  const { tool } = send({ url: "http://127.0.0.1:1" } as HttpPeer, { chats: ["@news", "77"] });
  expect(tool.parse({ text: "x", chat: "78" })).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining("must be one of: @news, 77") },
  });
  expect(tool.parse({ text: "x".repeat(4_097), chat: "77" })).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining("Telegram takes 4096 characters") },
  });
});

test("what is no token is refused at the start, and not repeated", () => {
  let said = "";
  try {
    open({ url: "http://127.0.0.1:1" } as HttpPeer, {}, "hunter2-hunter2");
  } catch (error) {
    expect(error).toMatchObject({ code: "messaging.bad_telegram_token" });
    said = JSON.stringify(error);
  }
  expect(said).toContain("TELEGRAM_TOKEN");
  expect(said).not.toContain("hunter2");
});

test.each([
  [400, "A person must have written to the bot first"],
  [403, "add it to the group"],
  [404, "tokenVariable"],
  [409, undefined],
])("a refusal with %i says what to do", (status, hint) => {
  if (hint === undefined) expect(telegramHint(status)).toBeUndefined();
  else expect(telegramHint(status)).toContain(hint);
});

test("a refusal in another form is told as it is", () => {
  expect(telegramRefusal({ error: "no" })).toBeUndefined();
  expect(telegramRefusal(undefined)).toBeUndefined();
});
