import { z } from "zod";
import type { CallContext } from "../../../boundary/types.ts";
import { networkError } from "../../http/errors.ts";
import { refused } from "../../http/exchange.ts";
import { reached } from "../../http/reach.ts";
import { urlFacts } from "../../http/url-facts.ts";
import type { ConnectorKind } from "../../kind.ts";
import { messagingConnector, placeField, textField } from "../messenger.ts";
import { webhookDelivery, webhookHint } from "./delivery.ts";
import { type WebhookSettings, webhookSettings } from "./settings.ts";

const mostCharacters = 100_000;

/** Signed messages to any program that understands Standard Webhooks. */
export const webhookKind: ConnectorKind<WebhookSettings> = {
  kind: "webhook",
  surface: "messaging",
  summary: "signed messages to a program of your own (Standard Webhooks)",
  settings: webhookSettings,
  open: (settings, parts) => {
    const { url, secretVariable, type, recipients, description } = settings;
    const { host } = new URL(url);
    const now = () => parts.now();
    const deliver = webhookDelivery({ url, secret: parts.secret(secretVariable), now });
    const text = textField(host, mostCharacters);
    const input =
      recipients.length === 0
        ? z.strictObject({ text })
        : z.strictObject({ text, recipient: placeField(recipients, "Who it is for.") });
    return messagingConnector<z.ZodObject>({
      name: parts.name,
      description: [
        `Sends a message to ${host}.`,
        ...(description === undefined ? [] : [description]),
      ].join(" "),
      input,
      repeat: "keyed",
      place: urlFacts(url),
      send: async (context) => {
        const id = `msg_${context.idempotencyKey}`;
        await deliver(context, { id, type, at: now(), data: input.parse(context.input) });
        return `Sent to ${host}.`;
      },
      // A message would be the only proof of the secret, and no harmless one.
      check: (context) => reached(host, head(context, url, now())),
      mapError: (error) => networkError(host, error),
    });
  },
};

async function head(
  context: CallContext<undefined>,
  url: string,
  nowMs: number,
): Promise<Response> {
  const { signal } = context;
  const response = await context.fetch(url, { method: "HEAD", redirect: "manual", signal });
  if (response.ok) return response;
  throw await refused(new URL(url).host, response, nowMs, { hint: webhookHint });
}
