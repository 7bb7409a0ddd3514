import { BlockList, isIP } from "node:net";

/**
 * Addresses that are not on the public internet. Source: the IANA special-purpose registries for
 * IPv4 (RFC 6890 and successors) and IPv6.
 */
const notPublic = new BlockList();
const v4Ranges: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
for (const [address, prefix] of v4Ranges) notPublic.addSubnet(address, prefix, "ipv4");

// Only 2000::/3 is given out for public use; these are the parts of it that are not public.
const publicV6 = new BlockList();
publicV6.addSubnet("2000::", 3, "ipv6");
const v6Exceptions: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];
for (const [address, prefix] of v6Exceptions) notPublic.addSubnet(address, prefix, "ipv6");

/**
 * Whether a host as it stands in a URL is a literal address off the public internet, or a name
 * that always means this machine. `undefined` for other names: only resolving them would tell.
 */
export function isPrivateHost(host: string): boolean | undefined {
  const bare = host
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  if (bare === "localhost" || bare.endsWith(".localhost")) return true;
  switch (isIP(bare)) {
    case 4:
      return notPublic.check(bare, "ipv4");
    case 6:
      return !publicV6.check(bare, "ipv6") || notPublic.check(bare, "ipv6");
    default:
      return undefined;
  }
}
