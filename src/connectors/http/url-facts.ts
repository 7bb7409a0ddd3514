import { isPrivateHost } from "../../boundary/egress/address.ts";
import type { CallFacts } from "../../boundary/types.ts";

/** What policy looks at in an address: the host, the port, and whether the host is private. */
export function urlFacts(url: string): Pick<CallFacts, "host" | "port" | "privateAddress"> {
  const { hostname, port, protocol } = new URL(url);
  const privateAddress = isPrivateHost(hostname);
  return {
    host: hostname,
    port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port),
    ...(privateAddress === undefined ? {} : { privateAddress }),
  };
}
