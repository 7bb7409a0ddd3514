import { BoundaryError } from "../../boundary/errors.ts";
import type { CallContext } from "../../boundary/types.ts";
import { canonicalHost, hostMatcher } from "../../boundary/policy/host.ts";
import type { WebSettings } from "./settings.ts";

type Hands = Pick<CallContext<unknown>, "fetch" | "signal">;

/** An answer that is no redirect, and where it came from in the end. */
export interface Followed {
  readonly url: URL;
  readonly response: Response;
}

const redirects = new Set([301, 302, 303, 307, 308]);
const accept =
  "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, application/pdf;q=0.9, */*;q=0.5";

/** Which hosts these settings let pages be fetched from. */
export function hostRule(
  connector: string,
  { allowedHosts, blockedHosts }: Pick<WebSettings, "allowedHosts" | "blockedHosts">,
): (url: URL, hops: number) => void {
  const allowed = hostMatcher(allowedHosts);
  const blocked = hostMatcher(blockedHosts);
  return ({ hostname }, hops) => {
    const host = canonicalHost(hostname);
    if (!blocked(host) && (allowedHosts.length === 0 || allowed(host))) return;
    throw new BoundaryError(
      "egress_blocked",
      `${host} is not among the hosts that connector "${connector}" may fetch from.`,
      {
        phase: hops === 0 ? "before_send" : "sent",
        hint: "Fetch another address, or change allowedHosts and blockedHosts of the connector.",
      },
    );
  };
}

/**
 * Asks for a page and goes where it redirects to. Each place is asked about anew: by the
 * connector's own hosts here, and by the policy of the call in its `fetch`.
 * @param enter called before each request; throws where it must not be made
 */
export async function follow(
  context: Hands,
  from: string,
  { maxRedirects, userAgent }: Pick<WebSettings, "maxRedirects" | "userAgent">,
  enter: (url: URL, hops: number) => void | Promise<void>,
): Promise<Followed> {
  let url = withoutFragment(new URL(from));
  for (let hops = 0; ; hops += 1) {
    await enter(url, hops);
    const response = await context.fetch(url, {
      redirect: "manual",
      headers: { accept, "user-agent": userAgent },
      signal: context.signal,
    });
    const location = response.headers.get("location");
    if (!redirects.has(response.status) || location === null) return { url, response };
    await response.body?.cancel();
    if (hops === maxRedirects) {
      throw new BoundaryError(
        "upstream_4xx",
        `${from} redirects more than ${maxRedirects} times, at last to ${location.slice(0, 300)}.`,
        { status: response.status, hint: "Fetch the address that it redirects to." },
      );
    }
    url = target(location, url);
  }
}

function target(location: string, from: URL): URL {
  const url = URL.parse(location, from.href);
  const usable =
    url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "";
  if (usable) return withoutFragment(url);
  throw new BoundaryError(
    "invalid_response",
    `${from.host} redirects to what is no address of a page: ${location.slice(0, 300)}`,
  );
}

function withoutFragment(url: URL): URL {
  const bare = new URL(url);
  bare.hash = "";
  return bare;
}
