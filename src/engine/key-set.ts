import type { Principal } from "../base/principal.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { ConnectorSpec } from "../boundary/types.ts";
import { engineCalls } from "../connectors/engine-calls.ts";
import { readWholeBody } from "../connectors/http/body.ts";
import { networkError } from "../connectors/http/errors.ts";
import { refused } from "../connectors/http/exchange.ts";
import { urlFacts } from "../connectors/http/url-facts.ts";
import type { Host } from "./host.ts";

/** Largest set of keys that is read. */
const maxBytes = 512 * 1024;

/**
 * Reads the public keys of an identity provider (RFC 7517), as a governed call like any other.
 * @param url where the settings say that they are
 * @returns reads them; what comes back is not checked. It throws BoundaryError
 */
export function keySetReader(
  url: string,
  {
    boundary,
    principal,
    host,
  }: {
    readonly boundary: Pick<Boundary, "connector">;
    readonly principal: Principal;
    readonly host: Pick<Host, "clock" | "ids">;
  },
): () => Promise<unknown> {
  const place = new URL(url).host;
  const spec: ConnectorSpec<null, unknown> = {
    id: engineCalls.keySet,
    facts: () => ({
      operation: "http.get",
      effect: "read",
      repeat: "safe",
      ...urlFacts(url),
    }),
    run: async ({ fetch, signal }) => {
      const response = await fetch(url, { method: "GET", redirect: "manual", signal });
      if (!response.ok) throw await refused(place, response, host.clock.now());
      const bytes = await readWholeBody(response, maxBytes, place);
      return JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
    },
    mapError: (error) => networkError(place, error),
    timeouts: { attemptMs: 5_000, totalMs: 12_000 },
  };
  const connector = boundary.connector(spec);
  return () => connector.call(null, { principal, logicalCallId: `key-set-${host.ids()}` });
}
