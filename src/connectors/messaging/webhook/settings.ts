import { z } from "zod";
import { addressField } from "../../http/fields.ts";
import { descriptionField, variableField } from "../fields.ts";

/** Signed messages to any program that understands Standard Webhooks. */
export const webhookSettings = z.strictObject({
  kind: z.literal("webhook"),
  url: addressField.describe("address that messages are posted to"),
  secretVariable: variableField(
    "environment variable that holds the secret for signatures (whsec_ and base64)",
  ),
  type: z
    .string()
    .regex(/^[A-Za-z0-9_.]+$/, "Must be letters, digits, full stops and underscores")
    .default("agent.message")
    .describe("type of the messages, by which the receiver tells them from others"),
  recipients: z
    .array(z.string().min(1))
    .default([])
    .describe("recipients that a message may name; without them it names none"),
  description: descriptionField,
});
export type WebhookSettings = z.infer<typeof webhookSettings>;
