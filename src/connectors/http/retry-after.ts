import { parseHttpDate } from "./http-date.ts";

/**
 * How long a server asks to wait, in milliseconds, or undefined where it does not say. The more
 * precise `retry-after-ms` (OpenAI, Azure) wins over `retry-after`, which holds seconds or a date
 * (RFC 9110, section 10.2.3). A date is compared with the server's own `date` header where there is
 * one, because its clock and ours may differ. The figure is a floor for whoever retries.
 * @param headers names in lower case
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string>>,
  nowMs: number,
): number | undefined {
  const milliseconds = nonNegative(headers["retry-after-ms"]);
  if (milliseconds !== undefined) return Math.ceil(milliseconds);
  const text = headers["retry-after"];
  const seconds = nonNegative(text);
  if (seconds !== undefined) return Math.ceil(seconds * 1000);
  const at = text === undefined ? undefined : parseHttpDate(text, nowMs);
  if (at === undefined) return undefined;
  const serverNow = parseHttpDate(headers["date"] ?? "", nowMs) ?? nowMs;
  return Math.max(0, at - serverNow);
}

function nonNegative(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+(?:\.\d+)?$/.test(text.trim())) return undefined;
  return Number(text);
}
