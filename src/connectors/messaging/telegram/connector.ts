import { z } from "zod";
import { Agent33Error } from "../../../base/errors.ts";
import type { CallContext } from "../../../boundary/types.ts";
import { addressBelow } from "../../http/base-url.ts";
import { networkError } from "../../http/errors.ts";
import { exchangeJson } from "../../http/exchange.ts";
import { urlFacts } from "../../http/url-facts.ts";
import type { ConnectorKind, ConnectorParts } from "../../kind.ts";
import { messagingConnector, placeField, textField } from "../messenger.ts";
import { telegramHint, telegramRefusal } from "./errors.ts";
import { type TelegramSettings, telegramSettings } from "./settings.ts";

const mostCharacters = 4_096;

/** Messages to Telegram chats, as a bot. */
export const telegramKind: ConnectorKind<TelegramSettings> = {
  kind: "telegram",
  surface: "messaging",
  summary: "messages to Telegram chats, groups and channels",
  settings: telegramSettings,
  open: (settings, parts) => {
    const { chats, silent, baseUrl, description } = settings;
    const ask = asker(settings, parts);
    return messagingConnector({
      name: parts.name,
      description: [
        `Sends a message to Telegram (${chats.join(", ")}). Plain text, without formatting.`,
        ...(description === undefined ? [] : [description]),
      ].join(" "),
      input: z.strictObject({
        text: textField("Telegram", mostCharacters),
        chat: placeField(chats, "The chat that it goes to."),
      }),
      // Telegram has no key by which it would know a message again.
      repeat: "once",
      place: urlFacts(baseUrl),
      send: async (context) => {
        const { text, chat } = context.input;
        const { message_id } = await ask(context, "sendMessage", posted, {
          chat_id: chat,
          text,
          disable_notification: silent,
          // Otherwise Telegram fetches what a message links to: an address is a message, too.
          link_preview_options: { is_disabled: true },
        });
        return `Sent to ${chat} (message ${message_id}).`;
      },
      check: async (context) => {
        const { username } = await ask(context, "getMe", bot, {});
        return `Telegram knows the token as @${username}`;
      },
      mapError: (error) => networkError("Telegram", error),
    });
  },
};

const posted = z.object({ message_id: z.number() });
const bot = z.object({ username: z.string() });

type Ask = <Answer>(
  context: CallContext<unknown>,
  method: string,
  result: z.ZodType<Answer>,
  json: object,
) => Promise<Answer>;

function asker({ baseUrl, tokenVariable }: TelegramSettings, parts: ConnectorParts): Ask {
  const token = parts.secret(tokenVariable);
  if (!/^\d+:[A-Za-z0-9_-]+$/.test(token)) {
    throw new Agent33Error(
      "messaging.bad_telegram_token",
      `What ${tokenVariable} holds is no token of a Telegram bot.`,
      { hint: "A token is digits, a colon, and letters: as @BotFather gives it." },
    );
  }
  return async (context, method, result, json) => {
    const answer = await exchangeJson(
      context,
      {
        who: "Telegram",
        // Its place in the address is why neither facts nor messages may hold the address.
        url: addressBelow(baseUrl, `bot${token}/${method}`),
        method: "POST",
        json,
        answer: z.object({ ok: z.literal(true), result }),
        hint: telegramHint,
        explain: telegramRefusal,
        secrets: [token],
      },
      () => parts.now(),
    );
    return answer.result;
  };
}
