import { createHmac } from "node:crypto";
import { Agent33Error } from "../../base/errors.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import type { ConnectorSpec } from "../../boundary/types.ts";
import { readBody } from "./body.ts";
import { networkError } from "./errors.ts";
import { refused } from "./exchange.ts";
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
  const { host } = new URL(url);
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
      if (!response.ok) throw await refused(host, response, now(), hintOf);
      const { bytes, cut } = await readBody(response, longestAnswer);
      return cut ? undefined : objectIn(Buffer.from(bytes).toString("utf8"));
    },
    mapError: (error) => networkError(host, error),
    timeouts: { attemptMs: 15_000, totalMs: 60_000 },
    maxAttempts: 5,
  };
}

const hintOf = (status: number): string | undefined =>
  status < 500 ? "Check the webhook's address and secret on both sides." : undefined;

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

function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // A receiver may answer whatever it likes, "OK" for one.
    return undefined;
  }
}
