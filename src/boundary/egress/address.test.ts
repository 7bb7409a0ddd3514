import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPrivateHost, networkOf } from "./address.ts";

/** The spellings of one IPv4 address that the URL standard takes, and those of IPv6 that lead to it. */
function spellingsOf(address: string): readonly string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const number = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");
  const [high, low] = [hex(a * 256 + b, 4), hex(c * 256 + d, 4)];
  return [
    address,
    `${address}.`,
    `${number}`,
    `0x${hex(number, 8)}`,
    `0X${hex(number, 8).toUpperCase()}`,
    `0${number.toString(8)}`,
    `0x${hex(a, 2)}.0x${hex(b, 2)}.0x${hex(c, 2)}.0x${hex(d, 2)}`,
    [a, b, c, d].map((byte) => `0${byte.toString(8)}`).join("."),
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    address.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    address.replaceAll(".", "。"),
    `::ffff:${address}`,
    `[::ffff:${high}:${low}]`,
    `::FFFF:${high}:${low}`,
    `0:0:0:0:0:ffff:${high}:${low}`,
    `64:ff9b::${high}:${low}`,
  ];
}

/** Forms of IPv6 that hold the address and are never public themselves. */
function tunnelsOf(address: string): readonly string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const hex = (value: number) => value.toString(16);
  const [high, low] = [a * 256 + b, c * 256 + d];
  return [
    `::${address}`,
    `::ffff:0:${hex(high)}:${hex(low)}`,
    `64:ff9b:1::${hex(high)}:${hex(low)}`,
    `64:ff9b:1:${hex(high)}:${hex(c)}:${hex(d * 256)}::`,
    `2002:${hex(high)}:${hex(low)}::1`,
    `2001:0:${hex(high)}:${hex(low)}::1`,
    `2001::8000:63bf:${hex(high ^ 0xffff)}:${hex(low ^ 0xffff)}`,
    `2001:470:1::5efe:${hex(high)}:${hex(low)}`,
    `fe80::200:5efe:${hex(high)}:${hex(low)}`,
  ];
}

describe("an address that is not on the public internet", () => {
  test.each([
    ..."127.0.0.1 127.8.9.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1".split(" "),
    ..."100.127.255.255 0.0.0.0 0.1.2.3 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1".split(" "),
    ..."198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1".split(" "),
    "255.255.255.255",
  ])("%s is private in every spelling", (address) => {
    for (const host of spellingsOf(address))
      expect([host, networkOf(host)]).toEqual([host, "private"]);
    for (const host of tunnelsOf(address))
      expect([host, networkOf(host)]).toEqual([host, "private"]);
  });

  test.each([
    ..."169.254.169.254 169.254.170.2 169.254.0.23 169.254.42.42 100.100.100.200".split(" "),
    ..."168.63.129.16 192.0.0.192".split(" "),
  ])("%s is metadata in every spelling and tunnel", (address) => {
    for (const host of [...spellingsOf(address), ...tunnelsOf(address)]) {
      expect([host, networkOf(host)]).toEqual([host, "metadata"]);
    }
  });

  test.each([
    ..."localhost LOCALHOST localhost. api.localhost a.b.LocalHost. 0 127.1 0x7f.1".split(" "),
    ..."[::1] ::1 [::] :: 0:0:0:0:0:0:0:1 fd12::1 fc00::1 fe80::1 fe80::1%eth0 fe80::1%25lo".split(
      " ",
    ),
    ..."febf::1 fec0::1 ff02::1 ff0e::1 100::1 2001:db8::1 2001:2::1 2001:20::1 2002::1".split(" "),
    ..."3fff::1 5f00::1 4000::1 e000::1 FD00::1 [FD00::1]".split(" "),
    "ｌｏｃａｌｈｏｓｔ",
    "①②⑦.⓪.⓪.①",
  ])("%s is private", (host) => {
    expect(networkOf(host)).toBe("private");
    expect(isPrivateHost(host)).toBe(true);
  });

  test.each([
    ..."fd00:ec2::254 [fd00:0EC2:0::254] fd00:ec2::23 fd20:ce::254 fd00:42::42".split(" "),
    ..."fd00:c1::a9fe:a9fe fe80::a9fe:a9fe fe80::a9fe:a9fe%eth0 metadata.google.internal".split(
      " ",
    ),
    ..."Metadata.Google.Internal. metadata.goog metadata.tencentyun.com".split(" "),
  ])("%s is metadata", (host) => {
    expect(networkOf(host)).toBe("metadata");
    expect(isPrivateHost(host)).toBe(true);
  });
});

describe("a public address", () => {
  test.each([
    ..."8.8.8.8 93.184.216.34 172.15.0.1 172.32.0.1 100.63.255.255 100.128.0.1".split(" "),
    ..."126.255.255.255 128.0.0.1 169.253.255.255 169.255.0.1 192.0.1.1 198.17.255.255".split(" "),
    ..."198.20.0.1 223.255.255.255 1.1.1.1".split(" "),
  ])("%s is public in every spelling, and in no tunnel", (address) => {
    for (const host of spellingsOf(address))
      expect([host, networkOf(host)]).toEqual([host, "public"]);
    for (const host of tunnelsOf(address))
      expect([host, networkOf(host)]).toEqual([host, "private"]);
  });

  test.each([
    ..."2606:4700:4700::1111 [2a00:1450:4001::1] 2001:200::1 2001:4860:4860::8888".split(" "),
    ..."2620:fe::fe 3ffe::1 2003::1 2001:470:1::5eff:10.0.0.1".split(" "),
  ])("%s is public", (host) => {
    expect(networkOf(host)).toBe("public");
    expect(isPrivateHost(host)).toBe(false);
  });
});

test.each([
  ..."example.org localhost.example.org notlocalhost metadata 1a 10.0.0.1.nip.io a.0x7f.b".split(
    " ",
  ),
  ..."xn--bcher-kva.example a_b.example".split(" "),
])("of %s only resolving would tell", (host) => {
  expect(networkOf(host)).toBeUndefined();
  expect(isPrivateHost(host)).toBeUndefined();
});

test.each([
  "",
  "http://127.0.0.1",
  "127.0.0.1:80",
  "a b",
  "1.2.3.4.5",
  "999.1.1.1",
  "::1::",
  "[",
  "%",
])("%j is no host, and nothing is said of it", (text) => {
  expect(networkOf(text)).toBeUndefined();
});

test("every address leads somewhere, and no text breaks it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6()), (address) => {
      expect(networkOf(address)).toBeDefined();
    }),
  );
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => void networkOf(text)));
});
