import { z } from "zod";
import {
  baseUrlField,
  descriptionField,
  mentionsField,
  placesField,
  variableField,
} from "../fields.ts";

/** Messages to channels of a Slack workspace, as a bot. */
export const slackSettings = z.strictObject({
  kind: z.literal("slack"),
  tokenVariable: variableField(
    "environment variable that holds the bot's token (xoxb-…); its scope is chat:write",
  ),
  channels: placesField("channels that messages may go to, by id (C0123456789) or as #name"),
  mentions: mentionsField,
  description: descriptionField,
  baseUrl: baseUrlField("https://slack.com/api"),
});
export type SlackSettings = z.infer<typeof slackSettings>;
