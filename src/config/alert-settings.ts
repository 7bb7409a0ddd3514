import { z } from "zod";
import { addressField, headerName } from "../connectors/http/fields.ts";

const nameField = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "Use lower-case letters, digits, - and _");
const someText = z.string().regex(/\S/, "Must not be empty").max(200);

const webhookReceiver = z.strictObject({
  webhook: addressField.describe("address that takes notices as Alertmanager posts them"),
  secretHeaders: z
    .record(headerName, z.string().min(1))
    .default({})
    .describe("headers whose values are secrets: header to environment variable"),
});
const connectorReceiver = z.strictObject({
  connector: z.string().min(1).describe("a connector of the settings: slack, email or another"),
  place: z
    .string()
    .min(1)
    .exactOptional()
    .describe("channel or address there, where the connector has several"),
});

const ruleSchema = z.strictObject({
  enabled: z.boolean().exactOptional(),
  owner: someText.exactOptional(),
  severity: z.enum(["page", "ticket", "info"]).exactOptional(),
  forMinutes: z.number().nonnegative().max(44_640).exactOptional(),
  thresholds: z.record(z.string(), z.number()).exactOptional(),
});

/** What is watched, whom it concerns and how they are told. */
export const alertSettingsSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe("whether serve and work look at the alerts by themselves"),
  everySeconds: z
    .int()
    .min(1)
    .max(3_600)
    .default(30)
    .describe("seconds between two looks at all alerts"),
  repeatMinutes: z
    .int()
    .min(1)
    .max(44_640)
    .default(240)
    .describe("minutes after which an alert that nobody has taken on is told again"),
  budgetUsd: z
    .number()
    .positive()
    .optional()
    .describe(
      "US dollars that a tenant may spend in 30 days, for burn rates; by default what the budgets per tenant say",
    ),
  serveUrl: addressField
    .exactOptional()
    .describe("address of agent33 serve as people reach it, for links in what is told"),
  receivers: z
    .record(nameField, z.union([webhookReceiver, connectorReceiver]))
    .default({})
    .describe("who can be told, by name"),
  owners: z
    .record(someText, z.strictObject({ receivers: z.array(nameField).min(1) }))
    .default({})
    .describe("who is told for an owner of alerts, by the owner's name"),
  defaultReceivers: z
    .array(nameField)
    .default([])
    .describe("who is told for owners that are not listed"),
  rules: z
    .record(z.string(), ruleSchema)
    .default({})
    .describe("what is different for an alert, by its name"),
});
export type AlertSettings = z.infer<typeof alertSettingsSchema>;
