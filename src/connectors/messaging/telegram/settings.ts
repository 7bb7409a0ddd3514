import { z } from "zod";
import { baseUrlField, descriptionField, placesField, variableField } from "../fields.ts";

/** Messages to Telegram chats, as a bot. */
export const telegramSettings = z.strictObject({
  kind: z.literal("telegram"),
  tokenVariable: variableField("environment variable that holds the bot's token (123456:ABC…)"),
  chats: placesField("chats that messages may go to, by id (-1001234567890) or as @channelname"),
  silent: z.boolean().default(false).describe("whether messages arrive without a sound"),
  description: descriptionField,
  baseUrl: baseUrlField("https://api.telegram.org"),
});
export type TelegramSettings = z.infer<typeof telegramSettings>;
