import { createHmac } from "node:crypto";
import { causesOf } from "../../base/causes.ts";
import { Agent33Error } from "../../base/errors.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import { BoundaryError, isBoundaryError } from "../../boundary/errors.ts";
import type { ConnectorSpec } from "../../boundary/types.ts";
import { failedBeforeSending, networkCodeOf } from "./network.ts";
import { retryAfterMs } from "./retry-after.ts";
import { urlFacts } from "./url-facts.ts";

/** One thing that happened, told to another program. */
export interface WebhookMessage {
  /** The same whenever the message is sent again, so that its receiver can tell. */
  readonly id: string;
  /** `approval.requested` */
  readonly type: string;
  /** When it happened, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly data: JsonObject;
}

export interface WebhookOptions {
  /** The second half of the connector's id: `http:<name>`. */
  readonly name: string;
  readonly url: string;
  /** As the receiver has it: `whsec_` and base64. */
  readonly secret: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** Longest answer that is read, in bytes. */
const longestAnswer = 64 * 1024;

/**
 * Posts signed messages in the form of the Standard Webhooks specification 1.0: `webhook-id`,
 * `webhook-timestamp` and `webhook-signature` headers, HMAC-SHA256 over `id.timestamp.body`. Gives
 * the receiver's answer where it is a JSON object.
 * @throws Agent33Error `http.bad_webhook_secret`
 */
export function webhookSpec(
  options: WebhookOptions,
): ConnectorSpec<WebhookMessage, JsonObject | undefined> {
  const { name, url, now } = options;
  const key = keyOf(options.secret);
  return {
    id: `http:${name}`,
    facts: ({ type, data }) => ({
      operation: "http.post",
      effect: "write",
      repeat: "keyed",
      ...urlFacts(url),
      args: { type, data },
    }),
    run: async (context) => {
      const { id, type, at, data } = context.input;
      const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });
      const timestamp = Math.floor(now() / 1_000);
      const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`);
      const response = await context.fetch(url, {
        method: "POST",
        redirect: "manual",
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": `v1,${signature.digest("base64")}`,
        },
        body,
        signal: context.signal,
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw statusError(url, response, now());
      }
      return objectIn(await textOf(response));
    },
    mapError: (error) => networkError(url, error),
    timeouts: { attemptMs: 15_000, totalMs: 60_000 },
    maxAttempts: 5,
  };
}

function keyOf(secret: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1] ?? "";
  const key = Buffer.from(encoded, "base64");
  if (key.length >= 24 && key.length <= 64) return key;
  throw new Agent33Error(
    "http.bad_webhook_secret",
    "The secret of a webhook is not `whsec_` and the base64 of 24 to 64 bytes.",
    {
      hint: "Make one with: node -p \"'whsec_' + crypto.randomBytes(32).toString('base64')\"",
    },
  );
}

function statusError(url: string, response: Response, nowMs: number): BoundaryError {
  const { status } = response;
  const message = `${new URL(url).host} answered ${status}.`;
  const waitMs = retryAfterMs(Object.fromEntries(response.headers), nowMs);
  const options = { status, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
  if (status === 429) return new BoundaryError("upstream_429", message, options);
  if (status >= 500 || status === 408 || status === 425) {
    const retryable = status !== 501 && status !== 505;
    return new BoundaryError("upstream_5xx", message, { ...options, retryable });
  }
  return new BoundaryError("upstream_4xx", message, {
    ...options,
    hint: "Check the webhook's address and secret on both sides.",
  });
}

function networkError(url: string, error: unknown): BoundaryError | undefined {
  const causes = causesOf(error);
  const ours = causes.find(isBoundaryError);
  if (ours !== undefined) return ours;
  const code = networkCodeOf(causes);
  if (code === undefined) return undefined;
  const early = failedBeforeSending(code);
  const message = `${early ? "No connection to" : "The connection broke to"} ${new URL(url).host} (${code}).`;
  return new BoundaryError("transport", message, {
    ...(early ? { phase: "before_send" as const } : {}),
    cause: error,
  });
}

/** The answer's text as far as it is short enough to be one that we asked for. */
async function textOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    if (length > longestAnswer) return "";
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // A receiver may answer whatever it likes, "OK" for one.
    return undefined;
  }
}
