import type { Clock } from "../../base/clock.ts";
import { isBoundaryError } from "../errors.ts";
import type { EgressLeave } from "../hands.ts";
import { canonicalHost } from "../policy/host.ts";
import { connectTimeoutMs, createPinnedAgent, type PinnedAgent } from "./connect.ts";
import { createResolution, type Resolver } from "./resolve.ts";

/** How long connections may be used before their name is asked for again. Milliseconds. */
const freshMs = 30_000;
/** From this many origins on, those without a connection are forgotten. */
const mostIdle = 64;

interface Place {
  readonly agent: PinnedAgent;
  resolvedAtMs: number;
}

/**
 * The connections of the process. Each belongs to an origin and the addresses that were found for
 * it, and is used only for a call that may reach all of these: one that was made for a call with
 * more rights is passed over, and the name resolved anew.
 */
export function createPlaces(resolver: Resolver, clock: Clock) {
  const resolve = createResolution(resolver);
  const places = new Map<string, Place[]>();

  return {
    /**
     * The connections over which a call's request to this URL may go.
     * @throws BoundaryError `boundary.egress_blocked`
     * @throws TypeError as `fetch` does, when the host has no address
     */
    open: async (
      url: URL,
      leave: EgressLeave,
      signal: AbortSignal | undefined,
    ): Promise<PinnedAgent> => {
      const { origin, hostname: host } = url;
      const port = portOf(url);
      leave.check({ host, port });
      const nowMs = clock.monotonic();
      const open = places
        .get(origin)
        ?.find(
          ({ agent, resolvedAtMs }) =>
            agent.busy() &&
            nowMs - resolvedAtMs < freshMs &&
            mayReachAll(leave, host, port, agent.addresses),
        );
      if (open !== undefined) return open.agent;

      const addresses = await resolve(host, { timeoutMs: connectTimeoutMs, signal });
      for (const address of addresses) leave.check({ host, port, address });
      const siblings = places.get(origin) ?? [];
      // Servers behind one name often answer in turn: connections to some of them still will do.
      const known = siblings.find(
        ({ agent }) =>
          addresses.some((address) => agent.addresses.has(canonicalHost(address))) &&
          mayReachAll(leave, host, port, agent.addresses),
      );
      if (known !== undefined) {
        known.resolvedAtMs = clock.monotonic();
        return known.agent;
      }
      if (places.size >= mostIdle) forgetIdle(places);
      const agent = createPinnedAgent(addresses);
      const busy = siblings.filter((place) => place.agent.busy());
      places.set(origin, [...busy, { agent, resolvedAtMs: clock.monotonic() }]);
      return agent;
    },
    close: async (): Promise<void> => {
      const all = [...places.values()].flat();
      places.clear();
      await Promise.all(all.map(({ agent }) => agent.close()));
    },
  };
}

function mayReachAll(
  leave: EgressLeave,
  host: string,
  port: number,
  addresses: Iterable<string>,
): boolean {
  try {
    for (const address of addresses) leave.check({ host, port, address });
    return true;
  } catch (error) {
    if (isBoundaryError(error)) return false;
    throw error;
  }
}

function forgetIdle(places: Map<string, Place[]>): void {
  for (const [origin, known] of places) {
    if (!known.some(({ agent }) => agent.busy())) places.delete(origin);
  }
}

/** The port that a URL means. */
export function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}
