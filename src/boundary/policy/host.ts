// A name whose last label cannot be read as a number, and a dotted IPv4 address as it is usually
// written: both are canonical already. Nearly every call is one of the two.
const plainName = /^(?:[a-z0-9_-]+\.)*[a-z_][a-z0-9_-]*$/;
const plainIpv4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const mappedIpv4 = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * The one spelling of a host, or undefined for what is no host (a URL, a host with a port): lower
 * case, no trailing dot, no brackets, numbers as dotted IPv4, IPv6 shortened, IPv4-mapped IPv6 as
 * IPv4. A rule about an address would otherwise be passed by writing the address differently.
 * Source: the host parser of the WHATWG URL standard.
 */
export function parseHost(text: string): string | undefined {
  if (plainName.test(text) || plainIpv4.test(text)) return text;
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (bare === "" || /[\s/?#@\\[\]%]/.test(bare)) return undefined;
  const parsed = URL.parse(bare.includes(":") ? `http://[${bare}]` : `http://${bare}`)?.hostname;
  if (parsed === undefined || parsed.includes("*")) return undefined;
  const host = parsed.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const mapped = mappedIpv4.exec(host);
  if (mapped === null) return host;
  const high = Number.parseInt(mapped[1] ?? "", 16);
  const low = Number.parseInt(mapped[2] ?? "", 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** {@link parseHost}, or for what is no host the text in lower case. */
export function canonicalHost(text: string): string {
  return parseHost(text) ?? text.toLowerCase();
}

/** A host of a rule: canonical, `*.example.org` as the suffix `.example.org`. */
export function hostPattern(value: string): string {
  return value.startsWith("*.") ? `.${canonicalHost(value.slice(2))}` : canonicalHost(value);
}

/**
 * Whether a canonical host is one of these. `*.example.org` means every name below
 * `example.org`, at any depth, and not `example.org` itself.
 */
export function hostMatcher(values: readonly string[]): (host: string) => boolean {
  const patterns = values.map(hostPattern);
  const exact = new Set(patterns.filter((pattern) => !pattern.startsWith(".")));
  const suffixes = patterns.filter((pattern) => pattern.startsWith("."));
  return (host) => exact.has(host) || suffixes.some((suffix) => host.endsWith(suffix));
}
