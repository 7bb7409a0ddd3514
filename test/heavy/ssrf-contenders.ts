import { lookup } from "node:dns/promises";
import { get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { testBoundary, testPrincipal } from "../support/boundary.ts";
import { defaultPolicy, leaveFor, policyOf } from "../support/leave.ts";
import { isPrivateHost } from "../../src/boundary/egress/address.ts";
import type { Egress } from "../../src/boundary/egress/fetch.ts";
import type { EgressFetch } from "../../src/boundary/hands.ts";
import type { Connector } from "../../src/boundary/connector.ts";
import type { ConnectorSpec } from "../../src/boundary/types.ts";
import type { Control } from "./ssrf-vectors.ts";

/** Tries to fetch an address, following redirects; says what came of it. */
export type Try = (url: string) => Promise<string>;

/** Without the boundary. */
export const controls: Readonly<Record<Control, Try>> = {
  fetch: (url) => said(async () => String((await globalThis.fetch(url)).status)),
  get: (url) =>
    said(
      () =>
        new Promise((resolve, reject) => {
          const request = get(url, (response) => {
            response.resume();
            response.on("end", () => resolve(String(response.statusCode)));
          });
          request.on("error", reject);
        }),
    ),
  "check, then fetch": (url) =>
    said(async () => {
      const addresses = await lookup(new URL(url).hostname, { all: true });
      if (addresses.some(({ address }) => isPrivateHost(address) !== false)) return "refused";
      return String((await globalThis.fetch(url)).status);
    }),
};

/** The whole boundary under the `default` pack, as calls of one connector are made. */
export function governed(id: string, egress: Egress): Connector<string, string> {
  const { boundary } = testBoundary({
    policy: defaultPolicy,
    hands: { fetch: egress.fetch, spawn: () => Promise.reject(new Error("no processes")) },
  });
  const spec: ConnectorSpec<string, string> = {
    id,
    facts: (url) => {
      const { hostname, port, protocol } = new URL(url);
      return {
        operation: "http.get",
        effect: "read",
        repeat: "safe",
        host: hostname,
        port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
      };
    },
    // As careless as a connector can be: whatever the address, wherever a redirect leads.
    run: ({ input, fetch }) => follow(input, fetch),
    maxAttempts: 1,
  };
  return boundary.connector(spec);
}

export function governedTry(connector: Connector<string, string>): Try {
  return async (url) => {
    const outcome = await connector.tryCall(url, { principal: testPrincipal });
    return outcome.ok ? outcome.value : outcome.error.code;
  };
}

/** The boundary's fetch alone, with a leave for public addresses and no decision before it. */
export function dispatcherAlone(egress: Egress): Try {
  return (url) =>
    said(() => {
      const leave = leaveFor(policyOf("allow"));
      return follow(url, (input, init) => egress.fetch(input, init, leave));
    });
}

async function follow(url: string, fetch: EgressFetch): Promise<string> {
  let at = url;
  for (let hop = 0; hop < 10; hop += 1) {
    const response = await fetch(at);
    await response.arrayBuffer();
    const location = response.headers.get("location");
    if (location === null) return String(response.status);
    at = new URL(location, at).href;
    await connectionsEnd();
  }
  return "too many redirects";
}

/** Long enough for an ended connection to be gone, so that the next request resolves anew. */
export function connectionsEnd(): Promise<void> {
  return pause(20);
}

async function said(run: () => Promise<string>): Promise<string> {
  try {
    return await run();
  } catch (error) {
    const { code, message, cause } = error as Error & { code?: string };
    return code ?? (cause as { code?: string } | undefined)?.code ?? message;
  }
}
