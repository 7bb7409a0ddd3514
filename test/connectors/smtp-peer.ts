import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { loopback, testGrant } from "../support/egress.ts";
import type { Peer, PeerBehaviour } from "./peer.ts";

const folder = join(import.meta.dirname, "../fixtures/tls");
const grant = testGrant("reaches the mail server behind the peer", { connect: loopback });

/** The certificate of the peers here, for 127.0.0.1; nothing else trusts it. */
export const loopbackCertificate = readFileSync(join(folder, "loopback.cert.pem"), "utf8");
const loopbackKey = readFileSync(join(folder, "loopback.key.pem"), "utf8");

export interface MailSeen {
  readonly from: string;
  readonly to: readonly string[];
  readonly message: string;
  readonly encrypted: boolean;
}

export interface SmtpPeer extends Peer {
  readonly port: number;
  readonly mails: readonly MailSeen[];
  /** Everything that came in the clear. */
  readonly clear: () => string;
}

export interface SmtpPeerPlan {
  readonly user?: string;
  readonly password?: string;
  /** Where it misbehaves: when somebody logs in, or when it has a message. Default: message. */
  readonly at?: "login" | "message";
  /** Encrypted from the start, or by STARTTLS (default), or never. */
  readonly security?: "tls" | "starttls" | "none";
  /** Recipients that it does not know. */
  readonly unknown?: readonly string[];
}

/** A real mail server on loopback, behind a socket on which it can be told to misbehave. */
export async function smtpPeer(plan: SmtpPeerPlan = {}): Promise<SmtpPeer> {
  const { user = "agent", password = "pw", at = "message", security = "starttls" } = plan;
  let behaviour: PeerBehaviour = "well";
  let seen = 0;
  let sentBytes = 0;
  let clear = "";
  let silences = 0;
  const open = new Set<Socket>();
  const mails: MailSeen[] = [];

  /** True where the peer has misbehaved, so that the call must not be answered any more. */
  const misbehaves = (answer: (error: Error) => void): boolean => {
    if (behaviour === "failing") answer(reply(451, "4.3.0 Down for a moment"));
    else if (behaviour === "cut") for (const socket of open) socket.destroy();
    else if (behaviour === "silent") silences += 1;
    else return false;
    return true;
  };
  const options: SMTPServerOptions = {
    name: "mail.test",
    key: loopbackKey,
    cert: loopbackCertificate,
    // Encryption from the start is taken off in front of it, so that misbehaviour is encrypted too.
    disabledCommands: security === "starttls" ? [] : ["STARTTLS"],
    allowInsecureAuth: security !== "starttls",
    disableReverseLookup: true,
    logger: false,
    onAuth: (auth, _session, done) => {
      if (at === "login" && misbehaves(done)) return;
      const known =
        behaviour !== "refusing" && auth.username === user && auth.password === password;
      if (known) done(null, { user });
      else done(reply(535, "5.7.8 Authentication credentials invalid"));
    },
    onRcptTo: ({ address }, _session, done) => {
      const known = !(plan.unknown ?? []).includes(address);
      done(known ? null : reply(550, "5.1.1 No such user here"));
    },
    onData: (stream, session, done) => {
      const pieces: Buffer[] = [];
      stream.on("data", (piece: Buffer) => pieces.push(piece));
      stream.on("end", () => {
        if (misbehaves(done)) return;
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          message: Buffer.concat(pieces).toString("utf8"),
          encrypted: security === "tls" || session.secure,
        });
        done();
      });
    },
  };
  const smtp = new SMTPServer(options);
  // A client that goes away in the middle is no news here.
  smtp.on("error", () => undefined);
  await new Promise<void>((ready) => smtp.listen(0, "127.0.0.1", ready));
  const inner = (smtp.server.address() as AddressInfo).port;

  const serve = (socket: Socket): void => {
    seen += 1;
    open.add(socket);
    socket.on("close", () => open.delete(socket)).on("error", () => undefined);
    if (behaviour === "malformed") {
      socket.end("\u0000what?\r\nnever heard of it\r\n");
    } else if (behaviour === "huge") {
      const piece = Buffer.from(`220-${"x".repeat(1_000)}\r\n`.repeat(64));
      const pump = (): void => {
        while (!socket.destroyed) {
          sentBytes += piece.length;
          if (!socket.write(piece)) break;
        }
      };
      socket.on("drain", pump);
      pump();
    } else {
      socket.on("data", (piece: Buffer) => {
        if (security !== "tls") clear += piece.toString("latin1");
      });
      const behind = grant.run(() => connect(inner, "127.0.0.1"));
      behind.on("error", () => undefined).on("close", () => socket.destroy());
      socket.on("close", () => behind.destroy());
      socket.pipe(behind).pipe(socket);
    }
  };
  const front =
    security === "tls"
      ? createTlsServer({ key: loopbackKey, cert: loopbackCertificate }, serve)
      : createServer(serve);
  await new Promise<void>((ready) => front.listen(0, "127.0.0.1", ready));
  const { port } = front.address() as AddressInfo;
  return {
    port,
    address: `127.0.0.1:${port}`,
    mails,
    clear: () => clear,
    get seen() {
      return seen;
    },
    get held() {
      return open.size;
    },
    get silences() {
      return silences;
    },
    get sentBytes() {
      return sentBytes;
    },
    behave: (next) => {
      behaviour = next;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      if (front.listening) await new Promise((closed) => front.close(closed));
      await new Promise<void>((closed) => smtp.close(closed));
    },
  };
}

function reply(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
