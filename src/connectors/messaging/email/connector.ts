import { z } from "zod";
import { isPrivateHost } from "../../../boundary/egress/address.ts";
import type { Phase } from "../../../boundary/errors.ts";
import { canonicalHost } from "../../../boundary/policy/host.ts";
import type { CallContext } from "../../../boundary/types.ts";
import { networkError } from "../../http/errors.ts";
import type { ConnectorKind, ConnectorParts } from "../../kind.ts";
import { messagingConnector, textField } from "../messenger.ts";
import { mailError } from "./errors.ts";
import { type Envelope, type MailServer, type MailSession, openMailSession } from "./session.ts";
import { type EmailSettings, emailSettings } from "./settings.ts";

const mostCharacters = 200_000;
const usualPorts = { starttls: 587, tls: 465, none: 25 } as const;

/** E-mail through a mail server (SMTP submission). Plain text, to addresses that the settings list. */
export const emailKind: ConnectorKind<EmailSettings> = {
  kind: "email",
  surface: "messaging",
  summary: "e-mail through your mail server",
  settings: emailSettings,
  open: (settings, parts) => {
    const { from, recipients, description } = settings;
    const server = serverOf(settings, parts);
    const { host, port } = server;
    const privateAddress = isPrivateHost(host);
    return messagingConnector({
      name: parts.name,
      description: [
        `Sends an e-mail from ${from} to ${recipients.join(", ")}. Plain text.`,
        ...(description === undefined ? [] : [description]),
      ].join(" "),
      input: z.strictObject({
        subject: z
          .string()
          .regex(/^\P{Cc}*\S\P{Cc}*$/u, "must be one line that is not empty")
          .max(200)
          .describe("The subject, one line."),
        text: textField(host, mostCharacters),
        to: recipientsField(recipients),
      }),
      // A Message-ID is for readers of mail. No server drops a second message because of it.
      repeat: "once",
      place: { host, port, ...(privateAddress === undefined ? {} : { privateAddress }) },
      send: async (context) => {
        const { subject, text, to } = context.input;
        const envelope = { from, to: [...new Set(to)] };
        const id = `<${context.idempotencyKey}@${from.slice(from.indexOf("@") + 1)}>`;
        const message = await compose(envelope, { subject, text, id, at: parts.now() });
        const session = await enter(context, server);
        const { accepted, rejected, response } = await during("unknown", host, () =>
          session.send(envelope, message),
        );
        session.quit();
        return [
          `${host} took the message for ${accepted.join(", ")} (${response.slice(0, 200)}).`,
          ...(rejected.length === 0 ? [] : [`It did not take it for ${rejected.join(", ")}.`]),
        ].join(" ");
      },
      check: async (context) => {
        const session = await enter(context, server);
        session.quit();
        const { login } = server;
        return `${host} lets us in${login === undefined ? "" : ` as ${login.user}`}`;
      },
      mapError: (error) => networkError(host, error),
    });
  },
};

function serverOf(settings: EmailSettings, parts: ConnectorParts): MailServer {
  const { security, port = usualPorts[security], user, passwordVariable } = settings;
  const login =
    user === undefined || passwordVariable === undefined
      ? undefined
      : { user, pass: parts.secret(passwordVariable, "password") };
  // As policy knows it: brackets and odd spellings are no address to connect to.
  return { host: canonicalHost(settings.host), port, security, login };
}

/** Until it is in, no message can have been handed over. */
async function enter(context: CallContext<unknown>, server: MailServer): Promise<MailSession> {
  const socket = await context.connect(server.host, server.port);
  return during("before_send", server.host, () => openMailSession(socket, server));
}

async function during<T>(phase: Phase, host: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw mailError(error, host, phase) ?? error;
  }
}

interface Written {
  readonly subject: string;
  readonly text: string;
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

async function compose({ from, to }: Envelope, written: Written): Promise<Buffer> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const { subject, text, id, at } = written;
  const mail = new MailComposer({
    from,
    to: [...to],
    subject,
    text,
    messageId: id,
    date: new Date(at),
    // So that no machine answers (RFC 3834).
    headers: { "Auto-Submitted": "auto-generated" },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return mail.compile().build();
}

function recipientsField(recipients: readonly string[]) {
  const [first = "", ...others] = recipients;
  const one = z.enum([first, ...others], `must be one of: ${recipients.join(", ")}`);
  const list = z.array(one).min(1).max(recipients.length);
  return (others.length === 0 ? list.default([first]) : list).describe("Who gets it.");
}
