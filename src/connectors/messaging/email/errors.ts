import { messageOf, systemCodeOf } from "../../../base/errors.ts";
import { BoundaryError, type Phase } from "../../../boundary/errors.ts";
import { networkError } from "../../http/errors.ts";

/** What nodemailer adds to an error. */
interface MailError {
  readonly code?: unknown;
  /** What Node called it, before nodemailer gave it a name of its own. */
  readonly originalCode?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
}

/**
 * What nodemailer throws, as the boundary's error. SMTP counts the other way round than HTTP does
 * (RFC 5321, section 4.2.1): 4yz is for now, 5yz for good.
 *
 * | what happened | becomes | again? |
 * |---|---|---|
 * | no STARTTLS where it is required | `transport`, `before_send` | no |
 * | certificate refused | `transport`, `before_send` | no |
 * | reply 4yz | `upstream_5xx` | where nothing was handed over |
 * | reply 5yz | `upstream_4xx`, with a hint for credentials, addresses and size | no |
 * | what is not SMTP, or a reply without end | `invalid_response` | no |
 * | the connection closed | `transport`; while a message was on its way nobody knows how it ended | as its phase says |
 * @param phase whether a message may have been handed over when it was thrown
 */
export function mailError(error: unknown, host: string, phase: Phase): BoundaryError | undefined {
  const { code, originalCode, responseCode, response } = (error ?? {}) as MailError;
  const network = networkError(host, withCode(error, originalCode));
  if (network !== undefined)
    return network.phase === "before_send" ? network : again(network, phase);
  if (code === "ETLS") {
    return new BoundaryError("transport", `${host} does not encrypt: ${messageOf(error)}.`, {
      phase: "before_send",
      retryable: false,
      hint: "Use security: tls where the server expects it (port 465). security: none sends everything, the password too, so that others can read it.",
      cause: error,
    });
  }
  if (typeof responseCode === "number" && responseCode >= 400 && responseCode < 600) {
    return refusal(responseCode, String(response), host, phase);
  }
  if (code === "EPROTOCOL" || typeof response === "string") {
    return new BoundaryError("invalid_response", `${host} answers what is not SMTP.`, {
      phase: phase === "before_send" ? phase : "sent",
      hint: "Check the host and the port: is it a mail server that takes messages from programs?",
      cause: error,
    });
  }
  if (code === "ECONNECTION" || code === "ESOCKET" || code === "ETIMEDOUT") {
    return new BoundaryError("transport", `The connection to ${host} broke off (${code}).`, {
      phase,
      cause: error,
    });
  }
  return undefined;
}

function refusal(reply: number, said: string, host: string, phase: Phase): BoundaryError {
  const words = said.replace(/\s+/g, " ").trim().slice(0, 300);
  const message = `${host} refused: ${words}.`;
  const at = { phase: phase === "before_send" ? phase : ("sent" as const) };
  if (reply < 500) return new BoundaryError("upstream_5xx", message, at);
  const hint = hintOf(reply);
  return new BoundaryError("upstream_4xx", message, {
    ...at,
    ...(hint === undefined ? {} : { hint }),
  });
}

function hintOf(reply: number): string | undefined {
  switch (reply) {
    case 530:
      return "The server wants a login: set user and passwordVariable.";
    case 534:
    case 535:
      return "Check user and the password in passwordVariable; many providers want one made for programs.";
    case 550:
    case 551:
    case 553:
      return "Check the addresses: the server does not take mail from this sender or for this recipient.";
    case 552:
      return "The message or the mailbox is too large.";
    default:
      return undefined;
  }
}

/**
 * The same failure, seen from where the session stood. Made anew, because nodemailer writes a code of
 * its own over that of an error which it passes on, the boundary's too.
 */
function again(error: BoundaryError, phase: Phase): BoundaryError {
  return new BoundaryError(error.kind, error.message, {
    phase,
    retryable: error.retryable,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error.cause,
  });
}

function withCode(error: unknown, originalCode: unknown): unknown {
  const system = systemCodeOf({ code: originalCode });
  return system === undefined ? error : { code: system, cause: error };
}
