import { systemClock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import { readBody } from "../http/body.ts";
import { retryAfterMs } from "../http/retry-after.ts";

/** A request with a server's own headers, where it does not say otherwise itself. */
export function withHeaders(
  init: RequestInit | undefined,
  own: Readonly<Record<string, string>>,
): RequestInit {
  const headers = new Headers(init?.headers);
  for (const [name, value] of Object.entries(own)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  return { ...init, headers };
}

/** How much of a refusal is read for its message, in bytes. */
const refusalBytes = 4 * 1024;

/** The library's own error does not keep how long the server asks to wait. */
export async function rateLimited(response: Response): Promise<Agent33Error> {
  const { bytes } = await readBody(response, refusalBytes);
  const said = Buffer.from(bytes).toString("utf8").replace(/\s+/g, " ").slice(0, 300);
  const waitMs = retryAfterMs(Object.fromEntries(response.headers), systemClock.now());
  return new Agent33Error("mcp.rate_limited", `it answered with status 429: ${said}.`, {
    details: { status: response.status, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) },
  });
}
