import type { ConnectorSpec } from "../../boundary/types.ts";
import { readBody } from "./body.ts";
import { networkError } from "./errors.ts";
import { refused } from "./exchange.ts";
import { urlFacts } from "./url-facts.ts";

/** What is posted: JSON, and headers about its form. */
export interface PostedBody {
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface KeyedPost<I, O> {
  /** The connector's id. */
  readonly id: string;
  readonly url: string;
  /** Asked for each attempt. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly bodyOf: (input: I) => PostedBody | Promise<PostedBody>;
  /** @param text the answer; empty where it was longer than `answerBytes` */
  readonly answerOf: (text: string) => O;
  readonly answerBytes: number;
  /** Milliseconds for all attempts. */
  readonly totalMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/**
 * A message of the engine itself to an address of the settings, as a governed call. Whoever gets it
 * knows it again when it comes twice, so it may be sent again. A redirection is not followed.
 */
export function keyedPost<I, O>(post: KeyedPost<I, O>): ConnectorSpec<I, O> {
  const { id, url, headers, bodyOf, answerOf, answerBytes, totalMs, now } = post;
  const { host } = new URL(url);
  return {
    id,
    facts: () => ({
      operation: "http.post",
      effect: "write",
      repeat: "keyed",
      ...urlFacts(url),
    }),
    run: async (context) => {
      const posted = await bodyOf(context.input);
      const response = await context.fetch(url, {
        method: "POST",
        redirect: "manual",
        headers: { ...headers(), "content-type": "application/json", ...posted.headers },
        body: posted.body,
        signal: context.signal,
      });
      if (!response.ok) throw await refused(host, response, now(), {});
      const { bytes, cut } = await readBody(response, answerBytes);
      return answerOf(cut ? "" : Buffer.from(bytes).toString("utf8"));
    },
    mapError: (error) => networkError(host, error),
    timeouts: { attemptMs: 10_000, totalMs },
    maxAttempts: 2,
  };
}
