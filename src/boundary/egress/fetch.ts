import {
  type Dispatcher,
  fetch as undiciFetch,
  type RequestInit as UndiciRequestInit,
} from "undici";
import { type Clock, systemClock } from "../../base/clock.ts";
import { BoundaryError } from "../errors.ts";
import type { EgressLeave, GovernedConnect, GovernedFetch } from "../hands.ts";
import type { PinnedAgent } from "./connect.ts";
import { createPlaces } from "./places.ts";
import { type Resolver, systemResolver } from "./resolve.ts";
import { createSockets } from "./sockets.ts";

/** The boundary's own way out: connections that no other code can reach. */
export interface Egress {
  readonly fetch: GovernedFetch;
  readonly connect: GovernedConnect;
  /**
   * Ends all connections, so that the process can end: requests on the way fail as cancelled, and
   * so does every later one.
   */
  close(): Promise<void>;
}

export interface EgressOptions {
  readonly clock?: Clock;
  /** Default: the machine's own. */
  readonly resolver?: Resolver;
  /**
   * How many connections one server gets; further requests wait for one. Default 256: many more
   * than one connector's bulkhead lets through, and fewer than a process may have open.
   */
  readonly connectionsPerOrigin?: number;
}

/**
 * HTTP for governed calls. A name is resolved once, the call's leave is asked about every address,
 * and the connection goes to one of these: what a second answer of the name server would say does
 * not count. A redirect is handed back, because a new target is a new decision. Proxies named in
 * the environment are not used: behind one, nobody could say where a request goes.
 */
export function createEgress(options: EgressOptions = {}): Egress {
  const { clock = systemClock, resolver = systemResolver, connectionsPerOrigin = 256 } = options;
  const places = createPlaces(resolver, clock, connectionsPerOrigin);
  const sockets = createSockets(resolver);
  return {
    fetch: async (input, init, leave) => {
      const [url, given] = requestOf(input, init);
      if (url.protocol !== "http:" && url.protocol !== "https:") {
        throw refusal(`${url.protocol} addresses are not fetched.`, "Use http or https.");
      }
      const { signal } = given;
      signal?.throwIfAborted();
      const response = await places.over(url, leave, signal ?? undefined, (agent) =>
        undiciFetch(url, {
          ...given,
          redirect: given.redirect === "error" ? "error" : "manual",
          dispatcher: wayTo(url.origin, agent, leave),
        }),
      );
      return response as unknown as Response;
    },
    connect: sockets.connect,
    close: () => {
      sockets.close();
      return places.close();
    },
  };
}

/** All that undici's `fetch` is given for one request: a way to the URL's origin, and only there. */
function wayTo(origin: string, agent: PinnedAgent, leave: EgressLeave): Dispatcher {
  const way: Pick<Dispatcher, "dispatch"> = {
    dispatch: (options, handler) => {
      if (String(options.origin) !== origin) {
        throw refusal(`A request to ${origin} turned to ${String(options.origin)}.`);
      }
      return agent.dispatch(options, handler, leave);
    },
  };
  return way as Dispatcher;
}

/**
 * The address and the rest of a request, read once. The global types and undici's own describe the
 * same standard under two names, and undici does not know a `Request` of Node's.
 */
function requestOf(
  input: string | URL | Request,
  init: RequestInit | undefined,
): readonly [URL, UndiciRequestInit] {
  if (typeof input === "string" || input instanceof URL) {
    return [new URL(input), (init ?? {}) as unknown as UndiciRequestInit];
  }
  const { method, headers, body, signal, redirect } = input;
  const own = {
    method,
    headers,
    body,
    signal,
    redirect,
    ...(body === null ? {} : { duplex: "half" }),
  };
  return [new URL(input.url), { ...own, ...init } as unknown as UndiciRequestInit];
}

function refusal(message: string, hint?: string): BoundaryError {
  return new BoundaryError("egress_blocked", message, hint === undefined ? {} : { hint });
}
