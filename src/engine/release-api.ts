import type { Principal } from "../base/principal.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { type BoundaryError, BoundaryError as Refused } from "../boundary/errors.ts";
import type { ConnectorSpec } from "../boundary/types.ts";
import { engineCalls } from "../connectors/engine-calls.ts";
import { readBody, readWholeBody } from "../connectors/http/body.ts";
import { networkError, statusError } from "../connectors/http/errors.ts";
import { urlFacts } from "../connectors/http/url-facts.ts";
import type { Host } from "./host.ts";

/** One page of an answer. */
export interface ApiPage {
  readonly value: unknown;
  /** Address of the next page (RFC 8288, `rel="next"`); undefined for the last. */
  readonly next: string | undefined;
}

/** Reads one address of the interface, as a governed call. @throws BoundaryError */
export type ApiReader = (url: string) => Promise<ApiPage>;

/** Largest page that is read: a hundred pull requests with long descriptions. */
const maxBytes = 32 * 1024 * 1024;
const refusalBytes = 4 * 1024;

/**
 * Reads GitHub's REST interface, or that of an Enterprise server, through the boundary: policy,
 * breaker, audit, and tries again as long as its rate limits ask to.
 * @param apiUrl `https://api.github.com`, or `https://HOST/api/v3`; pages of others are not read
 * @param token goes to that address alone
 */
export function repositoryApi(
  { apiUrl, token }: { readonly apiUrl: string; readonly token: string | undefined },
  parts: {
    readonly boundary: Pick<Boundary, "connector">;
    readonly principal: Principal;
    readonly host: Pick<Host, "clock" | "ids">;
  },
): ApiReader {
  const { boundary, principal, host } = parts;
  const { origin, host: place } = new URL(apiUrl);
  const spec: ConnectorSpec<string, ApiPage> = {
    id: engineCalls.release,
    facts: () => ({
      operation: "http.get",
      effect: "read",
      repeat: "safe",
      ...urlFacts(apiUrl),
    }),
    run: async (context) => {
      const { input, signal } = context;
      const headers: Record<string, string> = {
        accept: "application/vnd.github+json",
        "user-agent": "agent33",
        "x-github-api-version": "2022-11-28",
      };
      if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
      const response = await context.fetch(input, {
        method: "GET",
        redirect: "manual",
        headers,
        signal,
      });
      if (!response.ok) throw await refusal(place, response, host.clock.now(), token);
      const bytes = await readWholeBody(response, maxBytes, place);
      const next = nextOf(response.headers.get("link"), input);
      if (next !== undefined && new URL(next).origin !== origin) {
        throw new Refused("invalid_response", `${place} names a next page of another server.`);
      }
      return { value: jsonOf(bytes, place), next };
    },
    mapError: (error) => networkError(place, error),
    timeouts: { attemptMs: 30_000, totalMs: 180_000 },
  };
  const connector = boundary.connector(spec);
  return (url) => connector.call(url, { principal, logicalCallId: `release-${host.ids()}` });
}

function nextOf(link: string | null, base: string): string | undefined {
  const found = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link ?? "")?.[1];
  return found === undefined ? undefined : new URL(found, base).href;
}

function jsonOf(bytes: Uint8Array, place: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw new Refused("invalid_response", `${place} answered what is not JSON.`, { cause });
  }
}

/** What GitHub asks to wait where it names a secondary limit and no time. */
const secondaryWaitMs = 60_000;

/**
 * GitHub says "too often" with 403 as well as 429: with a `retry-after` (secondary limits), with
 * nothing remaining and the second at which that ends (primary limits), or in words alone (secondary
 * limits; its documentation asks for a minute then).
 */
export async function refusal(
  who: string,
  response: Response,
  nowMs: number,
  token: string | undefined,
): Promise<BoundaryError> {
  const { headers, status } = response;
  const { bytes } = await readBody(response, refusalBytes);
  const text = Buffer.from(bytes).toString("utf8");
  const said = token === undefined ? text : text.replaceAll(token, "…");
  const spent = headers.get("x-ratelimit-remaining") === "0";
  const secondary = (status === 403 || status === 429) && /secondary rate limit/i.test(text);
  const limited = status === 403 && (spent || secondary || headers.has("retry-after"));
  const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN);
  const untold = (limited || status === 429) && !headers.has("retry-after");
  // A reset is that of the primary limit: it says nothing where that is not used up.
  const tellsReset = Number.isFinite(reset) && (spent || !secondary);
  const untilResetMs = tellsReset ? Math.max(0, reset * 1_000 - nowMs) : undefined;
  const waitMs = untold ? (untilResetMs ?? (secondary ? secondaryWaitMs : undefined)) : undefined;
  return statusError(
    { who, status: limited ? 429 : status, headers, said, waitMs, hint: hintOf(status, limited) },
    nowMs,
  );
}

function hintOf(status: number, limited: boolean): string | undefined {
  if (limited || status === 429)
    return "Wait until the rate limit ends, or use a token of your own.";
  if (status === 401 || status === 403) {
    return "Give a token that may read pull requests, in GITHUB_TOKEN.";
  }
  return status === 404
    ? "Check the repository's name, and that the token may see it (GITHUB_TOKEN)."
    : undefined;
}
