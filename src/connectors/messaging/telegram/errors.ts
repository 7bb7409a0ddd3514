import { z } from "zod";
import type { RefusalWords } from "../../http/exchange.ts";

const refusal = z.object({
  description: z.string(),
  parameters: z.object({ retry_after: z.number().nonnegative().optional() }).optional(),
});

/** `{"ok":false,"error_code":429,"description":"…","parameters":{"retry_after":34}}`, in seconds. */
export function telegramRefusal(body: unknown): RefusalWords | undefined {
  const parsed = refusal.safeParse(body);
  if (!parsed.success) return undefined;
  const { description, parameters } = parsed.data;
  const seconds = parameters?.retry_after;
  return { said: description, waitMs: seconds === undefined ? undefined : seconds * 1_000 };
}

/** What to do about a status: Telegram has one for each kind of mistake. */
export function telegramHint(status: number): string | undefined {
  switch (status) {
    case 400:
      return "Check the chat in the settings. A person must have written to the bot first.";
    case 401:
    case 404:
      return "Check the token in the connector's tokenVariable.";
    case 403:
      return "The bot was blocked or is no member: let the person unblock it, or add it to the group.";
    default:
      return undefined;
  }
}
