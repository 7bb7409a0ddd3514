import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type { SMTPConnectionOptions, SMTPConnectionSendInfo } from "nodemailer/lib/smtp-connection";
import type { Duplex } from "node:stream";

/** Where mail is handed in, and as whom. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly security: "starttls" | "tls" | "none";
  readonly login: { readonly user: string; readonly pass: string } | undefined;
}

/** A connection to a mail server that has greeted us, encrypted as asked, and let us in. */
export interface MailSession {
  /** Hands one message over. Rejects with nodemailer's errors. */
  send(envelope: Envelope, message: Buffer): Promise<SMTPConnectionSendInfo>;
  /** Says goodbye. Nobody waits for the answer: what was handed over is handed over. */
  quit(): void;
}

export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
}

/** Time limits are the chain's business: two clocks over one call would end it with two errors. */
const never = 24 * 60 * 60 * 1_000;
/** Longest reply that is read, in bytes. */
const longestReply = 64 * 1024;

/**
 * SMTP over a connection that the boundary made. TLS is put on top here, and its certificate must
 * be that of the host. Rejects with nodemailer's errors; the connection is the caller's to end.
 */
export async function openMailSession(socket: Duplex, server: MailServer): Promise<MailSession> {
  const { host, port, security, login } = server;
  const { default: Connection } = await import("nodemailer/lib/smtp-connection");
  const connection = new Connection({
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    // The boundary's connections are sockets; its hands promise only what all of them have.
    connection: socket as NonNullable<SMTPConnectionOptions["connection"]>,
    connectionTimeout: never,
    greetingTimeout: never,
    socketTimeout: never,
    socketCloseTimeout: 0,
    maxResponseSize: longestReply,
  });
  await step<void>(connection, (done) => connection.connect(done));
  if (login !== undefined) {
    const auth = { ...login };
    await step<unknown>(connection, (done) => connection.login(auth, done));
  }
  return {
    send: ({ from, to }, message) =>
      step(connection, (done) => connection.send({ from, to: [...to] }, message, done)),
    quit: () => connection.quit(),
  };
}

type Done<T> = (error?: Error | null, value?: T) => void;

/** One thing asked of the library, which tells of a failure in its callback or as an event. */
function step<T>(connection: SMTPConnection, ask: (done: Done<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // Stays for good: an error that comes later, when nobody waits, must not end the process.
    connection.on("error", reject);
    ask((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
