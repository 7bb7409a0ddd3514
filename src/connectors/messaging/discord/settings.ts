import { z } from "zod";
import { baseUrlField, descriptionField, mentionsField, variableField } from "../fields.ts";

/** Messages to Discord: as a bot to channels, or through a channel's webhook. */
export const discordSettings = z
  .strictObject({
    kind: z.literal("discord"),
    tokenVariable: variableField(
      "environment variable that holds the bot's token, to send as a bot",
    ).exactOptional(),
    channels: z
      .array(z.string().regex(/^\d+$/, "Must be a channel's id: digits"))
      .default([])
      .describe("channels that the bot's messages may go to, by id"),
    webhookVariable: variableField(
      "environment variable that holds a webhook's address, to send to its channel without a bot",
    ).exactOptional(),
    mentions: mentionsField,
    description: descriptionField,
    baseUrl: baseUrlField("https://discord.com/api/v10"),
  })
  .refine(
    ({ tokenVariable, webhookVariable }) =>
      (tokenVariable === undefined) !== (webhookVariable === undefined),
    "Needs either tokenVariable and channels, or webhookVariable",
  )
  .refine(
    ({ tokenVariable, channels }) => (tokenVariable === undefined) === (channels.length === 0),
    { message: "A bot needs at least one channel; a webhook has its own", path: ["channels"] },
  );
export type DiscordSettings = z.infer<typeof discordSettings>;
