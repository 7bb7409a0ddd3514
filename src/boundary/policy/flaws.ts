import { suggestName } from "../../base/nearest.ts";
import { networkOf } from "../egress/address.ts";
import { globMatcher } from "../../base/glob.ts";
import { parseHost } from "./host.ts";
import type { Match } from "./schema.ts";

/** The first half of every connector's id. */
const surfaces = [
  "model",
  "embedding",
  "mcp",
  "web",
  "http",
  "search",
  "messaging",
  "media",
  "shell",
  "tool",
  "egress",
] as const;

/** Why no call can have a value, and what to write instead. */
export interface Flaw {
  readonly message: string;
  readonly hint: string;
}

/** Looks at one value of a rule's key; undefined where some call can have it. */
export type FlawFinder = (value: string, match: Match) => Flaw | undefined;

/** For keys that are compared as a whole: a `*` in them is a mistaken pattern. */
export const exactFlaw: FlawFinder = (value) => {
  if (!value.includes("*")) return undefined;
  return {
    message: `"${value}" is a pattern, and this key is compared exactly`,
    hint: "Write its values out, or leave the key out to match every call.",
  };
};

/** Agents are written `name@version`. */
export const agentFlaw: FlawFinder = (value) => {
  if (value.includes("@") || value.includes("*")) return undefined;
  return {
    message: `an agent is written name@version, so "${value}" is none`,
    hint: `Write "${value}@*" for every version of it.`,
  };
};

/** Connectors are written `surface:name`, and the surfaces are known. */
export const connectorFlaw: FlawFinder = (pattern) => {
  if (pattern === "*") return undefined;
  const colon = pattern.indexOf(":");
  if (colon < 0) {
    const surface = pattern.replaceAll("*", "");
    const message = `"${pattern}" is not of the form surface:name`;
    const known = surfaces.find((name) => name === surface);
    if (known !== undefined) return { message, hint: `Write "${known}:*" for all of them.` };
    return {
      message,
      hint: `Write surface:name, where * may stand in either. ${suggestName(surface, surfaces)}`,
    };
  }
  const surface = pattern.slice(0, colon);
  if (colon === pattern.length - 1) {
    return { message: `"${pattern}" has no name`, hint: `Write "${pattern}*" for all of them.` };
  }
  if (surfaces.some(globMatcher([surface]))) return undefined;
  return {
    message: `no connector has the surface "${surface}"`,
    hint: suggestName(surface, surfaces),
  };
};

/**
 * Why no call can have this connector or this host. Where a call is only asked about, a slip would
 * else be answered with the default.
 */
export function callFlaw(connector: string, host?: string): Flaw | undefined {
  if (connector.includes("*")) {
    return {
      message: `"${connector}" is a pattern, and a call has one connector`,
      hint: "Write its name out.",
    };
  }
  const flaw = connectorFlaw(connector, {});
  if (flaw !== undefined || host === undefined || parseHost(host) !== undefined) return flaw;
  return {
    message: `"${host}" is no host`,
    hint: "Write a name or an address, without scheme, port and path.",
  };
}

/** Hosts stand alone, and what is known of an address must not contradict `private`. */
export const hostFlaw: FlawFinder = (value, match) => {
  const below = value.startsWith("*.");
  const host = parseHost(below ? value.slice(2) : value);
  if (host === undefined || (below && isAddress(host))) {
    return {
      message: `"${value}" is no host`,
      hint:
        "Write a name, an address or *.example.org, without scheme, port and path. " +
        "For any host at all write private: [true, false].",
    };
  }
  // What an address is, is known; what a name leads to is not, but for those that say it.
  const network = networkOf(below ? `x.${host}` : host);
  if (network === undefined) return undefined;
  return (
    excluded(value, "private", network !== "public", match.private) ??
    excluded(value, "metadata", network === "metadata", match.metadata)
  );
};

function excluded(
  host: string,
  key: string,
  known: boolean,
  wanted: readonly boolean[] | undefined,
): Flaw | undefined {
  if (wanted === undefined || wanted.includes(known)) return undefined;
  return {
    message: `the host "${host}" and ${key}: ${String(!known)} exclude each other`,
    hint: "Take one of the two out of the rule.",
  };
}

/** Metadata addresses are private ones. */
export const metadataFlaw: FlawFinder = (value, match) => {
  if (value !== "true" || match.private === undefined || match.private.includes(true)) {
    return undefined;
  }
  return {
    message: "metadata: true and private: false exclude each other",
    hint: "Leave private out: metadata: true opens what it names by itself.",
  };
};

function isAddress(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host);
}
