import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connectorConformance } from "../../../../test/connectors/conformance.ts";
import {
  loopbackCertificate,
  type SmtpPeer,
  smtpPeer,
  type SmtpPeerPlan,
} from "../../../../test/connectors/smtp-peer.ts";
import { fixedPolicy, testBoundary, testPrincipal } from "../../../../test/support/boundary.ts";
import { createEgress } from "../../../boundary/egress/fetch.ts";
import { emailKind } from "./connector.ts";
import { emailSettings } from "./settings.ts";

const password = "correct-horse-battery-staple";
const encoded = Buffer.from(`\0agent\0${password}`).toString("base64");
const secrets = [password, encoded];

const usual = getCACertificates("default");
beforeAll(() => setDefaultCACertificates([...usual, loopbackCertificate]));
afterAll(() => setDefaultCACertificates(usual));

const start =
  (plan: SmtpPeerPlan = {}) =>
  () =>
    smtpPeer({ password, ...plan });
const open = ({ port }: { port: number }, more: Record<string, unknown> = {}) =>
  emailKind.open(
    emailSettings.parse({
      kind: "email",
      host: "127.0.0.1",
      port,
      user: "agent",
      passwordVariable: "MAIL_PASSWORD",
      from: "agent@example.org",
      recipients: ["ann@example.org"],
      ...more,
    }),
    { name: "mail", secret: () => password, now: () => Date.UTC(2026, 10, 22, 12) },
  );
const send = (peer: { port: number }, more?: Record<string, unknown>) => {
  const [tool] = open(peer, more).tools;
  if (tool === undefined) throw new Error("no tool");
  return tool;
};
const input = { subject: "The build", text: "It is done.\n.\nReally: ä" };
const noWait = { busy: "SMTP has no word for how long to wait" };

for (const security of ["starttls", "tls"] as const) {
  connectorConformance({
    name: `email send over ${security}`,
    peer: start({ security }),
    spec: (peer) => send(peer, { security }).spec,
    input,
    good: ({ content }, peer) => {
      expect(content).toMatch(/^127\.0\.0\.1 took the message for ann@example\.org \(250 /);
      expect(peer.mails).toHaveLength(1);
      expect(peer.mails[0]).toMatchObject({
        from: "agent@example.org",
        to: ["ann@example.org"],
        encrypted: true,
      });
      const { message = "" } = peer.mails[0] ?? {};
      expect(message).toContain("Subject: The build\r\n");
      expect(message).toContain("Auto-Submitted: auto-generated\r\n");
      expect(message).toContain("Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n");
      expect(message).toMatch(/^Message-ID:\r\n <[0-9a-f]{64}@example\.org>\r$/m);
      expect(message).toContain("\r\n\r\nIt is done.\r\n.\r\nReally: =C3=A4");
      for (const secret of secrets) expect(peer.clear()).not.toContain(secret);
    },
    secrets,
    cannot: noWait,
  });
}

connectorConformance({
  name: "email check",
  peer: start({ at: "login" }),
  spec: (peer) => open(peer).check,
  input: undefined,
  good: (found, peer) => {
    expect(found).toBe("127.0.0.1 lets us in as agent");
    expect(peer.mails).toEqual([]);
  },
  secrets,
  cannot: noWait,
});

describe("an e-mail", () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  async function sent(
    plan: SmtpPeerPlan,
    more: Record<string, unknown>,
    change?: (peer: SmtpPeer) => void,
    words: Record<string, unknown> = {},
  ) {
    const peer = await start(plan)();
    change?.(peer);
    const egress = createEgress();
    cleanups.push(
      () => peer.close(),
      () => egress.close(),
    );
    const { boundary } = testBoundary({
      policy: fixedPolicy("allow"),
      hands: { fetch: egress.fetch, connect: egress.connect, spawn: () => Promise.reject() },
    });
    const { spec } = send(peer, more);
    const to = (more["recipients"] ?? ["ann@example.org"]) as string[];
    const outcome = await boundary
      .connector(spec)
      .tryCall({ ...input, to, ...words }, { principal: testPrincipal, runId: "run-1" });
    return { peer, outcome };
  }

  test("is not sent, nor the password, where the server does not encrypt", async () => {
    const { peer, outcome } = await sent({ security: "none" }, {});
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        kind: "transport",
        phase: "before_send",
        retryable: false,
        hint: expect.stringContaining("security: tls"),
      },
    });
    expect(peer.clear()).not.toContain(encoded);
    expect(peer.seen).toBe(1);
  });

  test("is sent in the clear where the settings say so", async () => {
    const { peer, outcome } = await sent({ security: "none" }, { security: "none" });
    expect(outcome).toMatchObject({ ok: true });
    expect(peer.mails).toMatchObject([{ encrypted: false }]);
  });

  test.each(["starttls", "tls"])(
    "is not sent over %s to a server whose certificate is not trusted",
    async (security) => {
      setDefaultCACertificates(usual);
      const plan = { security: security as "starttls" | "tls" };
      const { peer, outcome } = await sent(plan, { security }).finally(() =>
        setDefaultCACertificates([...usual, loopbackCertificate]),
      );
      expect(outcome).toMatchObject({
        ok: false,
        error: {
          kind: "transport",
          phase: "before_send",
          hint: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
        },
      });
      expect(peer.mails).toEqual([]);
    },
  );

  test("has whole line ends only, and each recipient once", async () => {
    const ann = "ann@example.org";
    // Some servers take a lone carriage return for a line end, and so this for the end of a message.
    const words = { text: "a\r.\rMAIL FROM:<eve@example.org>\r\r\nb", to: [ann, ann] };
    const { peer } = await sent({}, { recipients: [ann, "bob@example.org"] }, undefined, words);
    const [mail] = peer.mails;
    expect(mail?.to).toEqual([ann]);
    expect(mail?.message).toContain(`To: ${ann}\r\n`);
    expect(mail?.message).toContain("a\r\n.\r\nMAIL FROM:<eve@example.org>\r\n\r\nb");
    expect(mail?.message).not.toMatch(/\r(?!\n)/);
  });

  test("tells which of its recipients the server does not take", async () => {
    const recipients = ["ann@example.org", "bob@example.org"];
    const plan = { unknown: ["bob@example.org"] };
    const { peer, outcome } = await sent(plan, { recipients });
    expect(outcome).toMatchObject({
      ok: true,
      value: { content: expect.stringContaining("did not take it for bob@example.org") },
    });
    expect(peer.mails).toMatchObject([{ to: ["ann@example.org"] }]);
  });

  test("whose only recipient is not taken is refused for good", async () => {
    const { outcome } = await sent({ unknown: ["ann@example.org"] }, {});
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        kind: "upstream_4xx",
        message: expect.stringContaining("No such user"),
        hint: expect.stringContaining("Check the addresses"),
      },
    });
  });

  test("is tried again where the server went away before it could have one", async () => {
    const { peer, outcome } = await sent({ at: "login" }, {}, (one) => one.behave("cut"));
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "transport", phase: "before_send" },
    });
    expect(peer.seen).toBeGreaterThan(1);
  });

  test.each(["starttls", "tls", "none"] as const)(
    "that is on its way over %s when the engine closes has an end that nobody knows",
    async (security) => {
      const peer = await start({ security })();
      peer.behave("silent");
      const egress = createEgress();
      cleanups.push(() => peer.close());
      const { boundary } = testBoundary({
        hands: { fetch: egress.fetch, connect: egress.connect, spawn: () => Promise.reject() },
      });
      const calling = boundary
        .connector(send(peer, { security }).spec)
        .tryCall(
          { ...input, to: ["ann@example.org"] },
          { principal: testPrincipal, runId: "run-1" },
        );
      await expect.poll(() => peer.silences, { timeout: 20_000 }).toBe(1);
      await egress.close();
      expect(await calling).toMatchObject({
        ok: false,
        error: {
          kind: "outcome_unknown",
          cause: { kind: "cancelled", code: "boundary.cancelled" },
        },
      });
      await expect.poll(() => peer.held).toBe(0);
    },
  );

  test.each([
    [{ ...input, to: ["eve@example.org"] }, "must be one of: ann@example.org"],
    [{ ...input, subject: "Hello\r\nBcc: eve@example.org" }, "must be one line"],
    [{ ...input, text: " " }, "must not be empty"],
    [{ ...input, text: "x".repeat(200_001) }, "shorten it"],
  ])("is refused before anything is sent: %#", (args, why) => {
    expect(send({ port: 1 }).tool.parse(args)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining(why) },
    });
  });
});

test("a user needs a password, and a password a user", () => {
  const given = {
    kind: "email",
    host: "smtp.example.org",
    from: "agent@example.org",
    recipients: ["ann@example.org"],
  };
  expect(emailSettings.safeParse({ ...given, user: "agent" }).success).toBe(false);
  expect(emailSettings.safeParse({ ...given, passwordVariable: "P" }).success).toBe(false);
  expect(emailSettings.safeParse(given).success).toBe(true);
});
