import type { Socket } from "node:net";
import type { EgressTarget, GovernedConnect } from "../hands.ts";
import { connectTimeoutMs, createPinnedConnector } from "./connect.ts";
import { isClosed } from "./places.ts";
import { createResolution, type Resolver } from "./resolve.ts";

/**
 * TCP for calls that speak no HTTP. As with requests, a name is resolved once, the call's leave is
 * asked about every address, and the connection goes to one of these. None is kept for another call.
 */
export function createSockets(resolver: Resolver) {
  const resolve = createResolution(resolver);
  const open = new Set<Socket>();
  let closed = false;

  const connect: GovernedConnect = async ({ host, port }, signal, leave) => {
    if (closed) throw isClosed("before_send");
    signal.throwIfAborted();
    leave.check({ host, port });
    const addresses = await resolve(host, { timeoutMs: connectTimeoutMs, signal });
    for (const address of addresses) leave.check({ host, port, address });
    const { socket, place } = await dial(addresses, { host, port }, signal);
    // An engine that was closed meanwhile knows nothing of this one.
    if (closed) {
      socket.destroy();
      throw isClosed("before_send");
    }
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    leave.sending(place.address, place.port);
    return socket;
  };

  return {
    connect,
    /** Ends every connection; what is under way over one fails as cancelled. */
    close: (): void => {
      closed = true;
      for (const socket of open) socket.destroy(isClosed("unknown"));
    },
  };
}

interface Dialled {
  readonly socket: Socket;
  readonly place: { readonly address: string; readonly port: number };
}

function dial(
  addresses: readonly string[],
  { host, port }: EgressTarget,
  signal: AbortSignal,
): Promise<Dialled> {
  const { promise, resolve, reject } = Promise.withResolvers<Dialled>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  // `http:` stands for TCP without TLS.
  const options = { hostname: host, host, protocol: "http:", port: String(port) };
  createPinnedConnector(addresses).open(options, (...[error, socket, place]) => {
    signal.removeEventListener("abort", onAbort);
    if (error !== null) reject(error);
    else if (signal.aborted) socket.destroy();
    else resolve({ socket, place });
  });
  return promise;
}
