import { z } from "zod";
import { httpSettings } from "./http/settings.ts";
import { speechSettings } from "./media/speech/settings.ts";
import { visionSettings } from "./media/vision/settings.ts";
import { discordSettings } from "./messaging/discord/settings.ts";
import { emailSettings } from "./messaging/email/settings.ts";
import { slackSettings } from "./messaging/slack/settings.ts";
import { telegramSettings } from "./messaging/telegram/settings.ts";
import { webhookSettings } from "./messaging/webhook/settings.ts";

/** The settings of any connector that can be named. Each kind states its own in its folder. */
export const connectorSettings = z.discriminatedUnion("kind", [
  httpSettings,
  slackSettings,
  discordSettings,
  telegramSettings,
  emailSettings,
  webhookSettings,
  speechSettings,
  visionSettings,
]);
export type ConnectorSettings = z.infer<typeof connectorSettings>;
