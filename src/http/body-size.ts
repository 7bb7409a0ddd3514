import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Agent33Error } from "../base/errors.ts";

/**
 * Refuses bodies that are too large before they are read. What comes over a socket says how long it
 * is: what says nothing has no body (RFC 9112, section 6.3), and one in pieces of unknown number is
 * not taken.
 * @param maxSize bytes
 */
export function limitedBody(maxSize: number): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw new Agent33Error("api.too_large", `The body has more than ${maxSize} bytes.`, {
        hint: "Send less, or raise serve.maxBodyKilobytes.",
      });
    },
  });
  return (c, next) => {
    const isOfSocket = c.env !== undefined && "incoming" in (c.env as object);
    if (!isOfSocket) return limit(c, next);
    if (c.req.header("transfer-encoding") !== undefined) {
      throw new Agent33Error("api.length_required", "The body does not say how long it is.", {
        hint: "Send it whole, with Content-Length.",
      });
    }
    return c.req.header("content-length") === undefined ? next() : limit(c, next);
  };
}
