import { z } from "zod";
import type { CallContext } from "../../../boundary/types.ts";
import { addressBelow } from "../../http/base-url.ts";
import { networkError } from "../../http/errors.ts";
import { exchangeJson } from "../../http/exchange.ts";
import { urlFacts } from "../../http/url-facts.ts";
import type { ConnectorKind, ConnectorParts } from "../../kind.ts";
import { messagingConnector, placeField, textField } from "../messenger.ts";
import { credentialsHint, slackError } from "./errors.ts";
import { type SlackSettings, slackSettings } from "./settings.ts";

/** Slack recommends it as the most; it cuts a text at ten times as much. */
const mostCharacters = 4_000;

/** Messages to channels of a Slack workspace, as a bot. */
export const slackKind: ConnectorKind<SlackSettings> = {
  kind: "slack",
  surface: "messaging",
  summary: "messages to channels of a Slack workspace",
  settings: slackSettings,
  open: (settings, parts) => {
    const { channels, mentions, baseUrl, description } = settings;
    const ask = asker(settings, parts);
    return messagingConnector({
      name: parts.name,
      description: [
        `Sends a message to Slack (${channels.join(", ")}). *bold*, _italic_ and \`code\` are formatted.`,
        ...(description === undefined ? [] : [description]),
      ].join(" "),
      input: z.strictObject({
        text: textField("Slack", mostCharacters),
        channel: placeField(channels, "The channel that it goes to."),
      }),
      // Slack has no key by which it would know a message again.
      repeat: "once",
      place: urlFacts(baseUrl),
      send: async (context) => {
        const { text, channel } = context.input;
        const { ts } = await ask(context, "chat.postMessage", posted, {
          channel,
          text: mentions ? text : plain(text),
          // Without these, Slack would fetch what a message links to: an address is a message, too.
          unfurl_links: false,
          unfurl_media: false,
        });
        return `Sent to ${channel} (message ${ts}).`;
      },
      check: async (context) => {
        const { user, team } = await ask(context, "auth.test", known, {});
        return `Slack knows the token as ${user} in ${team}`;
      },
      mapError: (error) => networkError("Slack", error),
    });
  },
};

const no = z.object({ ok: z.literal(false), error: z.string() });
const posted = z.object({ ok: z.literal(true), ts: z.string() });
const known = z.object({ ok: z.literal(true), user: z.string(), team: z.string() });

type Ask = <Answer>(
  context: CallContext<unknown>,
  method: string,
  answer: z.ZodType<Answer>,
  json: Readonly<Record<string, string | boolean>>,
) => Promise<Answer>;

function asker({ baseUrl, tokenVariable }: SlackSettings, parts: ConnectorParts): Ask {
  const token = parts.secret(tokenVariable);
  return async (context, method, answer, json) => {
    const said = await exchangeJson(
      context,
      {
        who: "Slack",
        url: addressBelow(baseUrl, method),
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json; charset=utf-8",
        },
        json,
        answer: z.union([
          no.transform(({ error }) => ({ error })),
          answer.transform((yes) => ({ yes })),
        ]),
        hint: (status) => (status === 401 || status === 403 ? credentialsHint : undefined),
      },
      () => parts.now(),
    );
    if ("error" in said) throw slackError(said.error);
    return said.yes;
  };
}

/**
 * A text that mentions nobody: Slack's mentions (`<!channel>`, `<@U012AB3CD>`) are written in angle
 * brackets, which are escaped here as its documentation says.
 */
function plain(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
