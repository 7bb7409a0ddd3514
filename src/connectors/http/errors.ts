import { causesOf } from "../../base/causes.ts";
import { messageOf } from "../../base/errors.ts";
import { BoundaryError, isBoundaryError } from "../../boundary/errors.ts";
import { failedBeforeSending, isCertificateCode, networkCodeOf } from "./network.ts";
import { retryAfterMs } from "./retry-after.ts";

/** What is known of an answer that says no. */
export interface Refusal {
  /** Who answered, as a person would name it: `Slack`, `api.example.org`. */
  readonly who: string;
  readonly status: number;
  readonly headers: Headers;
  /** What it said, if anything; shortened here. */
  readonly said?: string;
  /** What to do about it, where that is known. */
  readonly hint?: string | undefined;
  /** How long it asks to wait, where its body says so. Milliseconds. */
  readonly waitMs?: number | undefined;
}

/**
 * A status of 300 or more as the boundary's error.
 *
 * | status | becomes | again? |
 * |---|---|---|
 * | 429 | `upstream_429` with the wait that it asks for, in its body or its headers | yes |
 * | 408, 425 | `upstream_5xx` | yes |
 * | 501, 505 | `upstream_5xx` | no |
 * | other 5xx | `upstream_5xx` with the wait that the headers ask for | yes |
 * | 3xx, other 4xx | `upstream_4xx` | no |
 */
export function statusError(refusal: Refusal, nowMs: number): BoundaryError {
  const { who, status, headers, said = "", hint } = refusal;
  const words = said.replace(/\s+/g, " ").trim();
  const message = `${who} answered ${status}${words === "" ? "" : `: ${shorten(words)}`}.`;
  const waitMs = refusal.waitMs ?? retryAfterMs(Object.fromEntries(headers), nowMs);
  const options = {
    status,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(hint === undefined ? {} : { hint }),
  };
  if (status === 429) return new BoundaryError("upstream_429", message, options);
  if (status >= 500 || status === 408 || status === 425) {
    const retryable = status !== 501 && status !== 505;
    return new BoundaryError("upstream_5xx", message, { ...options, retryable });
  }
  return new BoundaryError("upstream_4xx", message, options);
}

/**
 * What `fetch` and Node's network code throw, as the boundary's error; undefined for what is not
 * known here, and for an abort, which the chain ended itself and can explain better.
 */
export function networkError(who: string, error: unknown): BoundaryError | undefined {
  const causes = causesOf(error);
  const ours = causes.find(isBoundaryError);
  if (ours !== undefined) return ours;
  if (causes.some((cause) => messageOf(cause) === "bad port")) return noHttpPort(who, error);
  const code = networkCodeOf(causes);
  if (code === undefined) return undefined;
  if (isCertificateCode(code)) {
    return new BoundaryError("transport", `The certificate of ${who} was refused (${code}).`, {
      phase: "before_send",
      retryable: false,
      hint: "Check the address, the clock of this machine, and NODE_EXTRA_CA_CERTS for a private authority.",
      cause: error,
    });
  }
  return failedBeforeSending(code)
    ? new BoundaryError("transport", `No connection to ${who} (${code}).`, {
        phase: "before_send",
        cause: error,
      })
    : new BoundaryError("transport", `The connection to ${who} broke off (${code}).`, {
        cause: error,
      });
}

/** Ports of mail servers and the like, which a request could talk to by accident (Fetch standard). */
function noHttpPort(who: string, cause: unknown): BoundaryError {
  return new BoundaryError(
    "egress_blocked",
    `The port of ${who} belongs to another protocol, and no HTTP request goes there.`,
    { hint: "Use another port.", cause },
  );
}

function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
