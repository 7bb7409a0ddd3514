import { expect, onTestFinished, test } from "vitest";
import { httpPeer } from "../connectors/http-peer.ts";
import { smtpPeer } from "../connectors/smtp-peer.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { testEngine } from "../support/engine.ts";

grantTests("Slack's side and a mail server", { connect: loopback });

const password = "not-a-real-password";
const env = { MAIL_PASSWORD: password, SLACK_TOKEN: "xoxb-0000-not-a-real-token" };
/** One that fires by itself: the prices that come along are older than a day. */
const rules = { PriceTableStale: { forMinutes: 0, thresholds: { days: 1 } } };

test("an owner is told in Slack and by e-mail, and nobody is asked whether that may be", async () => {
  const slack = await httpPeer(() => ({ body: '{"ok":true,"channel":"C1","ts":"1.2"}' }));
  onTestFinished(() => slack.close());
  const mail = await smtpPeer({ security: "none", password });
  onTestFinished(() => mail.close());
  const { engine } = testEngine(
    {
      connectors: {
        team: {
          kind: "slack",
          tokenVariable: "SLACK_TOKEN",
          channels: ["#ops", "#prices"],
          baseUrl: `${slack.url}/api`,
        },
        post: {
          kind: "email",
          host: "127.0.0.1",
          port: mail.port,
          security: "none",
          user: "agent",
          passwordVariable: "MAIL_PASSWORD",
          from: "agent@example.org",
          recipients: ["ann@example.org", "joe@example.org"],
        },
      },
      "alerts.receivers": {
        chat: { connector: "team", place: "#prices" },
        letters: { connector: "post", place: "joe@example.org" },
      },
      "alerts.owners": { "pricing-owner": { receivers: ["chat", "letters"] } },
      "alerts.defaultReceivers": ["chat"],
      "alerts.rules": rules,
    },
    undefined,
    env,
  );
  onTestFinished(() => engine.close());
  await engine.alerts.check();
  const body = JSON.parse(slack.requests[0]?.body ?? "{}") as { channel: string; text: string };
  expect(body).toMatchObject({ channel: "#prices" });
  expect(body.text).toContain(
    "[FIRING (1)] PriceTableStale: the built-in prices of models are old",
  );
  expect(body.text).toContain("docs/operations/alerts/stale-prices.md");
  expect(mail.mails).toMatchObject([{ to: ["joe@example.org"] }]);
  expect(mail.mails[0]?.message).toContain("Subject: [FIRING (1)] PriceTableStale");
  expect(engine.store.approvals.list({ state: "pending" })).toEqual([]);
  const calls = engine.store.audit.list({ connector: "messaging:engine.alerts" }).items;
  expect(calls.map(({ outcome }) => outcome)).toEqual(["ok", "ok"]);
});

test("a connector without its key is said to be the reason, and the other receiver is told", async () => {
  const mail = await smtpPeer({ security: "none", password });
  onTestFinished(() => mail.close());
  const warned: string[] = [];
  const { engine } = testEngine(
    {
      connectors: {
        team: { kind: "slack", tokenVariable: "NOT_SET", channels: ["#ops"] },
        post: {
          kind: "email",
          host: "127.0.0.1",
          port: mail.port,
          security: "none",
          user: "agent",
          passwordVariable: "MAIL_PASSWORD",
          from: "agent@example.org",
          recipients: ["ann@example.org"],
        },
      },
      "alerts.receivers": { chat: { connector: "team" }, letters: { connector: "post" } },
      "alerts.defaultReceivers": ["chat", "letters"],
      "alerts.rules": rules,
    },
    undefined,
    { MAIL_PASSWORD: password },
    { warn: (message) => void warned.push(message) },
  );
  onTestFinished(() => engine.close());
  await engine.alerts.check();
  expect(mail.mails).toHaveLength(1);
  expect(warned.join("\n")).toContain("NOT_SET");
  const [alert] = engine.alerts.list().items;
  const { notices } = engine.alerts.show(alert?.id ?? "");
  expect(notices).toMatchObject([
    { receiver: "chat", state: "due", attempts: 1 },
    { receiver: "letters", state: "told", attempts: 0 },
  ]);
});
