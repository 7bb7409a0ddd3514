import { createHmac } from "node:crypto";
import { Agent33Error } from "../../../base/errors.ts";
import { isJsonObject, type JsonObject } from "../../../base/json.ts";
import type { CallContext, ConnectorSpec } from "../../../boundary/types.ts";
import { readBody } from "../../http/body.ts";
import { networkError } from "../../http/errors.ts";
import { refused } from "../../http/exchange.ts";
import { urlFacts } from "../../http/url-facts.ts";

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
  readonly url: string;
  /** As the receiver has it: `whsec_` and base64. A function is asked before each attempt. */
  readonly secret: string | (() => string);
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** Posts one message; gives the receiver's answer where it is a JSON object. */
export type Deliver = (
  context: Pick<CallContext<unknown>, "fetch" | "signal">,
  message: WebhookMessage,
) => Promise<JsonObject | undefined>;

/** Longest answer that is read, in bytes. */
const longestAnswer = 64 * 1024;

/**
 * Posts signed messages in the form of the Standard Webhooks specification 1.0: `webhook-id`,
 * `webhook-timestamp` and `webhook-signature` headers, HMAC-SHA256 over `id.timestamp.body`.
 * @throws Agent33Error `messaging.bad_webhook_secret`
 */
export function webhookDelivery({ url, secret, now }: WebhookOptions): Deliver {
  const key = () => keyOf(typeof secret === "function" ? secret() : secret);
  key();
  const { host } = new URL(url);
  return async (context, { id, type, at, data }) => {
    const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });
    const timestamp = Math.floor(now() / 1_000);
    const signature = createHmac("sha256", key()).update(`${id}.${timestamp}.${body}`);
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
    if (!response.ok) throw await refused(host, response, now(), { hint: webhookHint });
    const { bytes, cut } = await readBody(response, longestAnswer);
    return cut ? undefined : objectIn(Buffer.from(bytes).toString("utf8"));
  };
}

/** A webhook of the engine's own, such as that for approvals: its calls are messages. */
export function webhookSpec(
  id: string,
  options: WebhookOptions,
): ConnectorSpec<WebhookMessage, JsonObject | undefined> {
  const deliver = webhookDelivery(options);
  const { host } = new URL(options.url);
  return {
    id,
    facts: ({ type, data }) => ({
      operation: "http.post",
      effect: "write",
      repeat: "keyed",
      ...urlFacts(options.url),
      args: { type, data },
    }),
    run: (context) => deliver(context, context.input),
    mapError: (error) => networkError(host, error),
    timeouts: { attemptMs: 15_000, totalMs: 60_000 },
    maxAttempts: 5,
  };
}

/** What to do about a status. */
export const webhookHint = (status: number): string | undefined =>
  status < 500 ? "Check the webhook's address and secret on both sides." : undefined;

function keyOf(secret: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1] ?? "";
  const key = Buffer.from(encoded, "base64");
  if (key.length >= 24 && key.length <= 64) return key;
  throw new Agent33Error(
    "messaging.bad_webhook_secret",
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
