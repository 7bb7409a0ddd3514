import { z } from "zod";
import { Agent33Error } from "../../../base/errors.ts";
import type { CallContext } from "../../../boundary/types.ts";
import { addressBelow } from "../../http/base-url.ts";
import { networkError } from "../../http/errors.ts";
import { exchangeJson } from "../../http/exchange.ts";
import { urlFacts } from "../../http/url-facts.ts";
import type { ConnectorKind, ConnectorParts, OpenedConnector } from "../../kind.ts";
import { messagingConnector, placeField, textField } from "../messenger.ts";
import { discordHint, discordRefusal } from "./errors.ts";
import { type DiscordSettings, discordSettings } from "./settings.ts";

const mostCharacters = 2_000;
/** Longest nonce that Discord takes. */
const nonceLength = 25;
/** Shows no previews of links (SUPPRESS_EMBEDS): Discord would fetch what a message links to. */
const withoutPreviews = 1 << 2;

/** Messages to Discord: as a bot to channels, or through a channel's webhook. */
export const discordKind: ConnectorKind<DiscordSettings> = {
  kind: "discord",
  surface: "messaging",
  summary: "messages to Discord channels, as a bot or through a webhook",
  settings: discordSettings,
  open: (settings, parts) => {
    // The settings have exactly one of the two.
    const { tokenVariable = "", webhookVariable } = settings;
    return webhookVariable === undefined
      ? asBot(settings, parts, parts.secret(tokenVariable))
      : throughWebhook(settings, parts, webhookVariable);
  },
};

const posted = z.object({ id: z.string() });
const bot = z.object({ username: z.string() });
const webhook = z.object({ name: z.string().nullable() });

function asBot(settings: DiscordSettings, parts: ConnectorParts, token: string): OpenedConnector {
  const { channels, baseUrl } = settings;
  const ask = asker(baseUrl, parts, [token], { authorization: `Bot ${token}` });
  return messagingConnector({
    ...faceOf(settings, parts, `Discord (channel ${channels.join(", ")})`),
    input: z.strictObject({
      text: textField("Discord", mostCharacters),
      channel: placeField(channels, "The id of the channel that it goes to."),
    }),
    // A message with a nonce that came before is not made again; Discord knows it for some minutes.
    repeat: "keyed",
    place: urlFacts(baseUrl),
    send: async (context) => {
      const { text, channel } = context.input;
      const { id } = await ask(context, `channels/${channel}/messages`, posted, {
        ...bodyOf(settings, text),
        nonce: context.idempotencyKey.slice(0, nonceLength),
        enforce_nonce: true,
      });
      return `Sent to channel ${channel} (message ${id}).`;
    },
    check: async (context) => {
      const { username } = await ask(context, "users/@me", bot);
      return `Discord knows the token as ${username}`;
    },
  });
}

function throughWebhook(
  settings: DiscordSettings,
  parts: ConnectorParts,
  variable: string,
): OpenedConnector {
  const address = webhookAddress(parts.secret(variable), variable);
  const ask = asker(address.href, parts, [address.pathname, secretOf(address)], {});
  return messagingConnector({
    ...faceOf(settings, parts, "Discord (the channel of the webhook)"),
    input: z.strictObject({ text: textField("Discord", mostCharacters) }),
    // Webhooks take no nonce.
    repeat: "once",
    place: urlFacts(address.origin),
    send: async (context) => {
      // `wait` asks for the message that was made; without it Discord does not say whether one was.
      const { id } = await ask(context, "?wait=true", posted, bodyOf(settings, context.input.text));
      return `Sent (message ${id}).`;
    },
    check: async (context) => {
      const { name } = await ask(context, "", webhook);
      return `Discord knows the webhook as ${name ?? "one without a name"}`;
    },
  });
}

function faceOf({ description }: DiscordSettings, { name }: ConnectorParts, where: string) {
  return {
    name,
    description: [
      `Sends a message to ${where}. Markdown is formatted.`,
      ...(description === undefined ? [] : [description]),
    ].join(" "),
    mapError: (error: unknown) => networkError("Discord", error),
  };
}

/** Who may be mentioned is said with every message: left out, Discord notifies all that it names. */
function bodyOf({ mentions }: DiscordSettings, content: string): object {
  const parse = mentions ? ["everyone", "roles", "users"] : [];
  return { content, allowed_mentions: { parse }, flags: withoutPreviews };
}

/** Asks with a body, or reads without one. */
type Ask = <Answer>(
  context: CallContext<unknown>,
  path: string,
  answer: z.ZodType<Answer>,
  json?: object,
) => Promise<Answer>;

function asker(
  baseUrl: string,
  parts: ConnectorParts,
  secrets: readonly string[],
  headers: Readonly<Record<string, string>>,
): Ask {
  return (context, path, answer, json) =>
    exchangeJson(
      context,
      {
        who: "Discord",
        url: addressBelow(baseUrl, path),
        // Discord turns away programs that do not name themselves in this form.
        headers: { ...headers, "user-agent": "DiscordBot (agent33, 1)" },
        ...(json === undefined ? {} : { method: "POST", json }),
        answer,
        hint: discordHint,
        explain: discordRefusal,
        secrets,
      },
      () => parts.now(),
    );
}

/** @throws Agent33Error `messaging.bad_discord_webhook`, without the address: it is the secret */
function webhookAddress(text: string, variable: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    /\/webhooks\/\d+\/[\w-]+$/.test(url.pathname)
  ) {
    return new URL(`${url.origin}${url.pathname}`);
  }
  throw new Agent33Error(
    "messaging.bad_discord_webhook",
    `What ${variable} holds is no address of a Discord webhook.`,
    { hint: "Copy it from the channel's settings: https://discord.com/api/webhooks/ID/TOKEN." },
  );
}

function secretOf({ pathname }: URL): string {
  return pathname.slice(pathname.lastIndexOf("/") + 1);
}
