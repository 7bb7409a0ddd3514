import { type Network, networkOf } from "../egress/address.ts";
import { canonicalHost } from "./host.ts";
import { keeping } from "./kept.ts";

/** What a host's spelling says, worked out once. */
export interface KnownHost {
  /** In its one spelling. */
  readonly name: string;
  /** Undefined for names that only resolving would tell about. */
  readonly network: Network | undefined;
  /** What stands behind each dot, with the dot: `.example.org`, `.org`. */
  readonly above: readonly string[];
}

/**
 * What is known of a host as it is written. Calls go to the same few hosts, and to read one costs as
 * much as to decide about the call.
 */
export const knownHost: (text: string) => KnownHost = keeping((text) => {
  const name = canonicalHost(text);
  const above: string[] = [];
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
    above.push(name.slice(dot));
  }
  return { name, network: networkOf(name), above };
});
