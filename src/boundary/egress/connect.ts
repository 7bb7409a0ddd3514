import { isIP, type LookupFunction, type Socket } from "node:net";
import { Agent, buildConnector, Client, type Dispatcher, Pool } from "undici";
import { BoundaryError } from "../errors.ts";
import type { EgressLeave } from "../hands.ts";
import { canonicalHost } from "../policy/host.ts";
import { guardConnector, guardDispatch } from "./guard.ts";
import { noteStale } from "./stale.ts";

/** How long connecting may take, and how soon the next address is tried. Milliseconds. */
export const connectTimeoutMs = 10_000;
const nextAddressMs = 250;
/** Addresses of one name that are tried; all of them are checked. */
const mostTried = 8;

/** Connections to one origin, at a fixed set of addresses. */
export interface PinnedAgent {
  readonly addresses: ReadonlySet<string>;
  /** Sends a request over one of the connections, and tells the leave which. */
  dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    leave: EgressLeave,
  ): boolean;
  /** Whether there is a connection, or one is being made. */
  busy(): boolean;
  /** Ends all connections; requests on the way fail with this error. */
  end(error: Error): Promise<void>;
}

/** Opens connections to a fixed set of addresses. */
export interface PinnedConnector {
  readonly addresses: ReadonlySet<string>;
  /** @param opened is told the place that the connection really leads to */
  open(options: buildConnector.Options, opened: PinnedCallback): void;
}

type PinnedCallback = (
  ...outcome: [error: Error, socket: null] | [error: null, socket: Socket, place: Place]
) => void;

interface Place {
  readonly address: string;
  readonly port: number;
}

/**
 * Connections that go to these addresses and nowhere else: no name is resolved here. The name stays
 * what the other side is asked for (`Host`) and must prove to be (TLS).
 */
export function createPinnedConnector(addresses: readonly string[]): PinnedConnector {
  const tried = addresses.slice(0, mostTried);
  const pinned = new Set(tried.map(canonicalHost));
  const answers = tried.map((address) => ({ address, family: isIP(address) }));
  const [first = { address: "", family: 0 }] = answers;
  const lookup: LookupFunction = (_name, { all }, done) =>
    all === true ? done(null, answers) : done(null, first.address, first.family);
  const connect = buildConnector({
    lookup,
    timeout: connectTimeoutMs,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: nextAddressMs,
    keepAlive: true,
  } as buildConnector.BuildOptions);
  return {
    addresses: pinned,
    open: (options, opened) =>
      connect(options, (error, socket) => {
        if (error !== null) return opened(error, null);
        const { remoteAddress, remotePort = 0 } = socket;
        // The proof of all the rest: where the connection really leads.
        if (remoteAddress !== undefined && pinned.has(canonicalHost(remoteAddress))) {
          const place = { address: canonicalHost(remoteAddress), port: remotePort };
          return opened(null, socket, place);
        }
        socket.destroy();
        opened(
          remoteAddress === undefined ? gone() : strayed(options.hostname, remoteAddress),
          null,
        );
      }),
  };
}

/** Connections of undici's that a {@link PinnedConnector} opens. */
export function createPinnedAgent(
  addresses: readonly string[],
  mostConnections: number,
): PinnedAgent {
  const connector = createPinnedConnector(addresses);

  /** Connections, and those that are being made. */
  let live = 0;
  const connectFor =
    (client: () => PinnedClient): buildConnector.connector =>
    (options, done) => {
      live += 1;
      let counted = true;
      const ended = (): void => {
        if (counted) live -= 1;
        counted = false;
      };
      try {
        connector.open(options, (...[error, socket, place]) => {
          if (error !== null) {
            ended();
            done(error, null);
            return;
          }
          socket.once("close", ended);
          const over = client();
          over.place = place;
          over.answers = 0;
          done(null, socket);
        });
      } catch (error) {
        ended();
        throw error;
      }
    };

  // Time limits are the chain's business: two clocks over one call would end it with two errors.
  const agent = new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
    factory: (origin, options) =>
      new Pool(origin, {
        ...(options as Pool.Options),
        connections: mostConnections,
        factory: (at, clientOptions) => {
          const client: PinnedClient = new PinnedClient(at, {
            ...(clientOptions as Client.Options),
            connect: guardConnector(connectFor(() => client)),
          });
          return client;
        },
      }),
  });
  const guarded = agent.compose(guardDispatch);
  return {
    addresses: connector.addresses,
    dispatch: (options, handler, leave) =>
      guarded.dispatch(Object.assign(options, { [leaveKey]: leave }), handler),
    busy: () => live > 0,
    end: (error) => agent.destroy(error),
  };
}

const leaveKey = Symbol("leave");

/** One connection at a time, which tells each request where it goes. */
class PinnedClient extends Client {
  place: Place = { address: "", port: 0 };
  /** Answers that came over the connection that there is now. */
  answers = 0;

  override dispatch(
    options: Dispatcher.DispatchOptions & { [leaveKey]?: EgressLeave },
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    const leave = options[leaveKey];
    const { onRequestStart: begin, onResponseStart: answer, onResponseError: fail } = handler;
    /** Whether it went over a connection that others had used, and nothing has come of its answer. */
    let mayBeStale = false;
    // All were made for this one request, so that nobody else sees the change.
    handler.onRequestStart = (controller, context) => {
      mayBeStale = this.answers > 0;
      leave?.sending(this.place.address, this.place.port);
      begin?.call(handler, controller, context);
    };
    handler.onResponseStart = (...started) => {
      mayBeStale = false;
      this.answers += 1;
      answer?.apply(handler, started);
    };
    handler.onResponseError = (controller, error) => {
      if (mayBeStale) noteStale(error);
      fail?.call(handler, controller, error);
    };
    return super.dispatch(options, handler);
  }
}

/** The other side closed before it could be asked where it is. */
function gone(): Error {
  return Object.assign(new Error("The connection was closed at once."), { code: "ECONNRESET" });
}

function strayed(host: string, address: string): BoundaryError {
  return new BoundaryError(
    "egress_blocked",
    `The connection to ${host} led to ${address}, which is none of the addresses that were checked.`,
    { hint: "Something on this machine redirects connections. Find out what before trying again." },
  );
}
