import { z } from "zod";
import type { RefusalWords } from "../../http/exchange.ts";

const refusal = z.object({
  message: z.string(),
  code: z.number().optional(),
  retry_after: z.number().nonnegative().optional(),
});

/** `{"message":"You are being rate limited.","retry_after":64.57,"global":false}`, in seconds. */
export function discordRefusal(body: unknown): RefusalWords | undefined {
  const parsed = refusal.safeParse(body);
  if (!parsed.success) return undefined;
  const { message, code, retry_after: seconds } = parsed.data;
  return {
    said: code === undefined || code === 0 ? message : `${message} (${code})`,
    waitMs: seconds === undefined ? undefined : Math.ceil(seconds * 1_000),
  };
}

/** What to do about a status. */
export function discordHint(status: number): string | undefined {
  switch (status) {
    case 401:
      return "Check the token in the connector's tokenVariable.";
    case 403:
      return "Give the bot the permissions View Channel and Send Messages in the channel.";
    case 404:
      return "Check the channel or the webhook in the settings: it may have been deleted.";
    default:
      return undefined;
  }
}
