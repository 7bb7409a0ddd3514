import type { Zone } from "./ssrf-dns.ts";
import { publicV4, publicV6, secondPublicV4 } from "./ssrf-world.ts";

/** How the control tries, without the boundary, to get where the vector leads. */
export type Control =
  /** Node's own fetch, which follows redirects. */
  | "fetch"
  /** Node's http.get, for what fetch refuses by itself. */
  | "get"
  /** Resolves, sees that the address is public, then fetches: what a check beforehand amounts to. */
  | "check, then fetch";

/** One way to lead a request inside. */
export interface Vector {
  readonly group: string;
  readonly url: string;
  readonly control: Control;
  /** Requests that are made one after the other. Default 1. */
  readonly times?: number;
}

const group =
  (name: string, control: Control = "fetch", times?: number) =>
  (urls: readonly string[]): readonly Vector[] =>
    urls.map((url) => ({ group: name, url, control, ...(times === undefined ? {} : { times }) }));
const hosts = (text: string): readonly string[] =>
  text.split(/\s+/).map((host) => `http://${host}/`);

/** IPv6 addresses of the small world that are not public, and hold or lead to one that is not. */
const privateV6 = [
  "fd00::9",
  "fd00:ec2::254",
  "fd20:ce::254",
  "fec0::9",
  "2001:db8::9",
  "2001:2::9",
  "3fff::9",
  "100::9",
  "5f00::9",
  "::127.0.0.1",
  "::ffff:0:127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::7f00:1",
  "2002:7f00:1::1",
  "2001:0:7f00:1::1",
  "2001:0:5db8:d822::80ff:fffe",
];
const privateV4 = [
  ..."10.1.2.3 172.16.5.5 172.31.255.254 192.168.7.7 100.64.0.9 198.18.0.9 192.0.2.9".split(" "),
  ..."198.51.100.9 203.0.113.9 192.88.99.9 192.0.0.8 240.0.0.9".split(" "),
];
const metadataV4 = "169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 192.0.0.192".split(
  " ",
);

/** Every address that the small world needs beside its public ones and 127.0.0.0/8. */
export const insideAddresses = [...privateV4, ...metadataV4, ...privateV6];

const many = Array.from({ length: 200 }, (_, at) => `93.184.217.${at + 1}`);

/** Names of the small world. What stands in one list is one answer; lists are given in turn. */
export const zone: Zone = new Map<string, readonly (readonly string[])[]>([
  ["public.test", [[publicV4, publicV6]]],
  ["v4.public.test", [[publicV4]]],
  ["v6.public.test", [[publicV6]]],
  ["two.public.test", [[publicV4, secondPublicV4]]],
  ["alias.public.test", [["cname:alias2.public.test"]]],
  ["alias2.public.test", [["cname:public.test"]]],
  ["under_score.public.test", [[publicV4]]],
  ["xn--bcher-kva.test", [[publicV4]]],
  ["translated.public.test", [["64:ff9b::5db8:d822"]]],
  // Nobody is at the first ones of these.
  ["partly.public.test", [["93.184.216.99", "2606:2800:220:1::99", publicV4]]],
  ["many.public.test", [[...many.slice(0, 6), publicV4]]],

  ["private.test", [["10.1.2.3"]]],
  ["loopback.test", [["127.0.0.1"]]],
  ["metadata.internal", [["169.254.169.254"]]],
  ["metadata.google.internal", [["169.254.169.254"]]],
  ["ula.test", [["fd00::9"]]],
  ["metadata6.test", [["fd00:ec2::254"]]],
  ["mapped.test", [["::ffff:127.0.0.1"]]],
  ["nat64.test", [["64:ff9b::7f00:1"]]],
  ["first.test", [["10.1.2.3", publicV4]]],
  ["second.test", [["93.184.216.99", "10.1.2.3"]]],
  ["families.test", [["93.184.216.99", "fd00::9"]]],
  ["families2.test", [["10.1.2.3", "2606:2800:220:1::99"]]],
  ["chain.test", [["cname:chain2.test"]]],
  ["chain2.test", [["cname:chain3.test"]]],
  ["chain3.test", [["127.0.0.1"]]],
  ["tometadata.test", [["cname:metadata.google.internal"]]],
  ["many.test", [[...many.slice(0, 199), "127.0.0.1"]]],
  ["127.0.0.1.nip.test", [["127.0.0.1"]]],
  ["localhost", [["127.0.0.1"]]],
  ["app.localhost", [["127.0.0.1"]]],

  ["turn1.test", [[publicV4], ["127.0.0.1"]]],
  ["turn2.test", [[publicV4], ["169.254.169.254"]]],
  ["turn3.test", [[publicV4], ["10.1.2.3", publicV4]]],
  ["turn4.test", [[publicV6], ["fd00::9"]]],
  ["turn5.test", [[publicV4], ["::ffff:127.0.0.1"]]],
  ["turn6.test", [[publicV4], ["cname:loopback.test"]]],
  ["turn7.test", [["cname:v4.public.test"], ["cname:private.test"]]],
  ["turn8.test", [[publicV4], ["93.184.216.99", "10.1.2.3"]]],
  ["turn9.test", [[publicV4], ["10.1.2.3"], [publicV4], ["127.0.0.1"], [publicV4], ["10.1.2.3"]]],
  ["redirected.test", [[publicV4], ["127.0.0.1"]]],
]);

const moved = (to: string, status = 302): string =>
  `http://v4.public.test/moved?status=${status}&to=${encodeURIComponent(to)}`;

/** All vectors. Names that answer in turn are used by one vector each. */
export const vectors: readonly Vector[] = [
  ...group("spellings of 127.0.0.1")([
    ...hosts(
      "127.0.0.1 127.1 127.0.1 127.9.9.9 0x7f.1 0x7f000001 0X7F.0.0.1 2130706433 0177.0.0.1",
    ),
    ...hosts("017700000001 0177.0x0.0.1 127.0.0.1. 0 0.0.0.0 127。0。0。1 １２７.0.0.1 ①②⑦.⓪.⓪.①"),
    ...hosts("127%2e0.0.1 %31%32%37.0.0.1 127.0.0.1:8080"),
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "http:///127.0.0.1/",
    "HTTP://127.0.0.1/",
    "http://127.0.\t0.1/",
    "http://127.0.0.1\\@public.test/",
    "http://127.0.0.1#@public.test/",
    "http://127.0.0.1?@public.test/",
  ]),
  ...group(
    "user names that look like hosts",
    "get",
  )([
    "http://public.test@127.0.0.1/",
    "http://public.test:80@127.0.0.1/",
    "http://public.test%2f@10.1.2.3/",
    `http://${publicV4}@169.254.169.254/`,
  ]),
  ...group("spellings of ::1")(hosts("[::1] [0:0:0:0:0:0:0:1] [::0.0.0.1] [::] [0::0]")),
  ...group("IPv4 in IPv6")(
    hosts("[::ffff:127.0.0.1] [::ffff:7f00:1] [::FFFF:10.1.2.3] [::ffff:a9fe:a9fe]"),
  ),
  ...group("ranges of IPv4")(hosts(privateV4.join(" "))),
  ...group("ranges of IPv6, tunnels and translations")(
    privateV6.map((address) => `http://[${address}]/`),
  ),
  ...group("metadata")([
    ...hosts(metadataV4.join(" ")),
    ...hosts("2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 １６９.254.169.254"),
    ...hosts(
      "metadata.internal metadata.google.internal METADATA.google.internal. tometadata.test",
    ),
    ...hosts("metadata6.test"),
  ]),
  ...group("names")([
    ...hosts("localhost localhost. LOCALHOST ｌocalhost app.localhost ip6-localhost private.test"),
    ...hosts("PRIVATE.test private.test. loopback.test 127.0.0.1.nip.test ula.test mapped.test"),
    ...hosts("nat64.test first.test second.test families.test families2.test chain.test many.test"),
  ]),
  ...group("TLS")(
    hosts("127.0.0.1 private.test [::1] metadata.internal localhost").map((url) =>
      url.replace("http:", "https:"),
    ),
  ),
  ...group(
    "names that turn",
    "check, then fetch",
    4,
  )(Array.from({ length: 9 }, (_, at) => `http://turn${at + 1}.test/`)),
  ...group("redirects")([
    ...[301, 302, 303, 307, 308].flatMap((status) => [
      moved("http://127.0.0.1/", status),
      moved("//10.1.2.3/", status),
      moved("https://127.0.0.1/", status),
      moved("http://private.test/", status),
    ]),
    moved("http://169.254.169.254/latest/meta-data/"),
    moved("http://[::ffff:7f00:1]/"),
    moved("http://2130706433/"),
    moved(moved("http://127.0.0.1:8080/")),
    moved("http://redirected.test/moved?to=http://redirected.test/"),
  ]),
];

/** Public places that must not be refused, and the address that each of them is. */
export const publicPlaces: readonly (readonly [url: string, address: string | undefined])[] = [
  ...hosts(
    `${publicV4} ${publicV4}. 1572395042 0x5db8d822 0x5d.0xb8.0xd8.0x22 0135.0270.0330.042`,
  ).map((url) => [url, publicV4] as const),
  ...hosts("93.184.55330 ９3.184.216.34 [::ffff:93.184.216.34] [::ffff:5db8:d822]").map(
    (url) => [url, publicV4] as const,
  ),
  ...hosts("v4.public.test V4.Public.TEST v4.public.test. under_score.public.test bücher.test").map(
    (url) => [url, publicV4] as const,
  ),
  ...hosts("partly.public.test many.public.test v4.public.test:8080").map(
    (url) => [url, publicV4] as const,
  ),
  [`http://[${publicV6}]/`, publicV6],
  ["http://v6.public.test/", publicV6],
  ["http://[64:ff9b::5db8:d822]/", "64:ff9b::5db8:d822"],
  ["http://translated.public.test/", "64:ff9b::5db8:d822"],
  ["http://public.test/", undefined],
  ["http://two.public.test/", undefined],
  ["http://alias.public.test/", undefined],
  [moved("http://two.public.test/"), undefined],
  [moved(`//${secondPublicV4}/`), undefined],
];
