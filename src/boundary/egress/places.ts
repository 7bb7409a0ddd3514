import type { Clock } from "../../base/clock.ts";
import { BoundaryError, isBoundaryError, type Phase } from "../errors.ts";
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
  /** Requests that have been given the agent and have no answer yet. */
  requests: number;
}

/** At once, not when whoever asked goes on: another request may look for idle places before that. */
function taken(place: Place): Place {
  place.requests += 1;
  return place;
}

/** What is in use must stay known: nobody else could end its connections. */
const inUse = ({ agent, requests }: Place): boolean => requests > 0 || agent.busy();

/**
 * The connections of the process. Each belongs to an origin and the addresses that were found for
 * it, and is used only for a call that may reach all of these: one that was made for a call with
 * more rights is passed over, and the name resolved anew.
 */
export function createPlaces(resolver: Resolver, clock: Clock, mostConnections: number) {
  const resolve = createResolution(resolver);
  const places = new Map<string, Place[]>();

  let closed = false;

  /** @throws BoundaryError `boundary.egress_blocked`, `boundary.cancelled` */
  const find = async (
    url: URL,
    leave: EgressLeave,
    signal: AbortSignal | undefined,
  ): Promise<Place> => {
    const { origin, hostname: host } = url;
    const port = portOf(url);
    leave.check({ host, port });
    const nowMs = clock.monotonic();
    const open = places
      .get(origin)
      ?.find(
        (place) =>
          inUse(place) &&
          nowMs - place.resolvedAtMs < freshMs &&
          mayReachAll(leave, host, port, place.agent.addresses),
      );
    if (open !== undefined) return taken(open);

    const addresses = await resolve(host, { timeoutMs: connectTimeoutMs, signal });
    if (closed) throw isClosed("before_send");
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
      return taken(known);
    }
    if (places.size >= mostIdle) forgetIdle(places);
    const agent = createPinnedAgent(addresses, mostConnections);
    const place = { agent, resolvedAtMs: clock.monotonic(), requests: 0 };
    places.set(origin, [...siblings.filter(inUse), place]);
    return taken(place);
  };

  return {
    /**
     * Makes a request over the connections over which this call may reach this URL.
     * @throws BoundaryError `boundary.egress_blocked`, `boundary.cancelled` after the end
     * @throws TypeError as `fetch` does, when the host has no address
     */
    over: async <T>(
      url: URL,
      leave: EgressLeave,
      signal: AbortSignal | undefined,
      request: (agent: PinnedAgent) => Promise<T>,
    ): Promise<T> => {
      if (closed) throw isClosed("before_send");
      const place = await find(url, leave, signal);
      try {
        return await request(place.agent);
      } finally {
        place.requests -= 1;
      }
    },
    /** Ends everything: what nobody reads to its end would else never end. */
    close: async (): Promise<void> => {
      closed = true;
      const all = [...places.values()].flat();
      places.clear();
      await Promise.all(all.map(({ agent }) => agent.end(isClosed("unknown"))));
    },
  };
}

/** What is asked of a closed engine. */
export function isClosed(phase: Phase): BoundaryError {
  return new BoundaryError("cancelled", "The engine was closed.", { phase });
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
    if (!known.some(inUse)) places.delete(origin);
  }
}

/** The port that a URL means. */
export function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}
