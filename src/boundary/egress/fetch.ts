import {
  Agent,
  buildConnector,
  fetch as undiciFetch,
  type RequestInit as UndiciRequestInit,
} from "undici";
import type { EgressFetch } from "../hands.ts";
import { guardConnector, guardDispatch } from "./guard.ts";

/** The boundary's own way to HTTP: one connection pool that no other code can reach. */
export interface Egress {
  readonly fetch: EgressFetch;
  /** Closes idle connections so that the process can end. */
  close(): Promise<void>;
}

/**
 * Time limits are the chain's business, so the dispatcher has none but for connecting: two clocks
 * over one call would end it with two different errors. Redirects are left to the caller: a
 * redirect is a new target, and a new target is a new decision.
 */
export function createEgress(): Egress {
  const agent = new Agent({
    connect: guardConnector(buildConnector({ timeout: 10_000 })),
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
  });
  const dispatcher = agent.compose(guardDispatch);
  const egressFetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    // The global types and undici's own describe the same standard, under two names.
    undiciFetch(input as string | URL, {
      redirect: "manual",
      ...(init as UndiciRequestInit | undefined),
      dispatcher,
    }) as unknown as Promise<Response>;
  return { fetch: egressFetch, close: () => agent.close() };
}
