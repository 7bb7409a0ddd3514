import { isIPv6 } from "node:net";
import { parseHost } from "../policy/host.ts";

/**
 * Where an address leads: `public` is the internet; `metadata` is where clouds hand out a machine's
 * credentials; `private` is every other one: this machine, its networks, and what is reserved.
 */
export type Network = "public" | "private" | "metadata";

type Range = readonly [address: string, prefix: number, network: Network];

/**
 * What of IPv4 is not public. Source: the IANA special-purpose registry (RFC 6890 and successors)
 * and the clouds' own pages. All of link-local counts as metadata, because clouds put their
 * services anywhere in it and hardly anything else is there. First match holds.
 */
const v4Ranges = (
  [
    ["169.254.0.0", 16, "metadata"],
    ["100.100.100.200", 32, "metadata"], // Alibaba
    ["168.63.129.16", 32, "metadata"], // Azure
    ["192.0.0.192", 32, "metadata"], // Oracle
    ["0.0.0.0", 8, "private"],
    ["10.0.0.0", 8, "private"],
    ["100.64.0.0", 10, "private"],
    ["127.0.0.0", 8, "private"],
    ["172.16.0.0", 12, "private"],
    ["192.0.0.0", 24, "private"],
    ["192.0.2.0", 24, "private"],
    ["192.88.99.0", 24, "private"],
    ["192.168.0.0", 16, "private"],
    ["198.18.0.0", 15, "private"],
    ["198.51.100.0", 24, "private"],
    ["203.0.113.0", 24, "private"],
    ["224.0.0.0", 4, "private"],
    ["240.0.0.0", 4, "private"],
  ] as const satisfies readonly Range[]
).map(([address, prefix, network]) => {
  const size = 2 ** (32 - prefix);
  const first = parseIpv4(address) ?? 0;
  return { first, last: first + size - 1, network };
});

/** Amazon (instance, containers), Google, Scaleway, Oracle, OpenStack. */
const v6Metadata = new Set(
  [
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:42::42",
    "fd00:c1::a9fe:a9fe",
    "fe80::a9fe:a9fe",
  ].map((address) => hextetsOf(address).join(":")),
);

/** Names under which clouds offer the same. */
const metadataNames = new Set([
  "metadata.google.internal",
  "metadata.goog",
  "metadata.tencentyun.com",
  "instance-data.ec2.internal",
]);

/** Whether the last label of a host is not a number: then it is a name in every spelling. */
const name = /(?:^|\.)[a-z_][a-z0-9_-]*\.?$/i;

/**
 * Where a host leads, however it is spelt: an address, or a name that says so by itself.
 * `undefined` for all other names: only resolving them would tell.
 */
export function networkOf(host: string): Network | undefined {
  if (name.test(host) && !host.includes(":")) return networkOfName(host);
  const zone = host.indexOf("%");
  const address = parseHost(zone < 0 || !host.includes(":") ? host : host.slice(0, zone));
  if (address === undefined) return undefined;
  const v4 = parseIpv4(address);
  if (v4 !== undefined) return networkOfIpv4(v4);
  return isIPv6(address) ? networkOfIpv6(hextetsOf(address)) : networkOfName(address);
}

/** {@link networkOf} for rules that only ask whether a host is off the public internet. */
export function isPrivateHost(host: string): boolean | undefined {
  const network = networkOf(host);
  return network === undefined ? undefined : network !== "public";
}

function networkOfName(host: string): Network | undefined {
  const bare = host.toLowerCase().replace(/\.$/, "");
  if (metadataNames.has(bare)) return "metadata";
  return bare === "localhost" || bare.endsWith(".localhost") ? "private" : undefined;
}

function networkOfIpv4(address: number): Network {
  for (const { first, last, network } of v4Ranges) {
    if (address >= first && address <= last) return network;
  }
  return "public";
}

function networkOfIpv6(hextets: readonly number[]): Network {
  const [h0 = 0, h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0, h6 = 0, h7 = 0] = hextets;
  const isZero = (from: number, to: number) => !hextets.slice(from, to).some((part) => part !== 0);
  // An IPv4 address as IPv6, and the prefix behind which a network translates (RFC 6052): these
  // lead exactly where the address in them leads.
  const mapped = isZero(0, 5) && h5 === 0xffff;
  const translated = h0 === 0x64 && h1 === 0xff9b && isZero(2, 6);
  if (mapped || translated) return networkOfIpv4(join(h6, h7));

  if (v6Metadata.has(hextets.join(":"))) return "metadata";
  // Forms that hold an IPv4 address and lead there by way of somebody else: never public, and no
  // way round to metadata. In order: compatible, SIIT, local translation (RFC 8215), 6to4, Teredo
  // (server and, inverted, client), ISATAP.
  const inside: number[] = [];
  if (isZero(0, 4) && (h4 === 0 || h4 === 0xffff) && h5 === 0) inside.push(join(h6, h7));
  if (h0 === 0x64 && h1 === 0xff9b && h2 === 1) {
    inside.push(join(h6, h7), join(h3, ((h4 & 0xff) << 8) | (h5 >> 8)));
  }
  if (h0 === 0x2002) inside.push(join(h1, h2));
  if (h0 === 0x2001 && h1 === 0) inside.push(join(h2, h3), join(h6 ^ 0xffff, h7 ^ 0xffff));
  if ((h4 & 0xfdff) === 0 && h5 === 0x5efe) inside.push(join(h6, h7));
  if (inside.length > 0) {
    return inside.some((v4) => networkOfIpv4(v4) === "metadata") ? "metadata" : "private";
  }

  // Only 2000::/3 is given out for public use; these are the parts of it that are not public.
  const special =
    (h0 === 0x2001 && h1 < 0x200) ||
    (h0 === 0x2001 && h1 === 0xdb8) ||
    (h0 === 0x3fff && h1 < 0x1000);
  return (h0 & 0xe000) === 0x2000 && !special ? "public" : "private";
}

function join(high: number, low: number): number {
  return high * 0x10000 + low;
}

/** A dotted IPv4 address as a number. Looked at a digit at a time: every call to one comes by. */
function parseIpv4(text: string): number | undefined {
  let address = 0;
  let byte = 0;
  let digits = 0;
  let dots = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2e && digits > 0 && dots < 3) {
      address = address * 256 + byte;
      byte = 0;
      digits = 0;
      dots += 1;
      continue;
    }
    byte = byte * 10 + code - 0x30;
    digits += 1;
    if (code < 0x30 || code > 0x39 || digits > 3 || byte > 255) return undefined;
  }
  return dots === 3 && digits > 0 ? address * 256 + byte : undefined;
}

/** The eight parts of a valid IPv6 address without a dotted end, which {@link parseHost} removes. */
function hextetsOf(address: string): readonly number[] {
  const [head = "", tail] = address.split("::");
  const read = (text: string) =>
    text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16));
  const before = read(head);
  if (tail === undefined) return before;
  const after = read(tail);
  return [
    ...before,
    ...Array.from({ length: 8 - before.length - after.length }, () => 0),
    ...after,
  ];
}
