import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalHost, hostMatcher, parseHost } from "./host.ts";

describe("a host has one spelling", () => {
  test.each([
    ["example.org", "example.org"],
    ["EXAMPLE.org", "example.org"],
    ["example.org.", "example.org"],
    ["metadata.google.internal.", "metadata.google.internal"],
    ["169.254.169.254", "169.254.169.254"],
    ["169.254.169.254.", "169.254.169.254"],
    ["2852039166", "169.254.169.254"],
    ["0xa9fea9fe", "169.254.169.254"],
    ["0xA9.0xFE.0xA9.0xFE", "169.254.169.254"],
    ["0251.0376.0251.0376", "169.254.169.254"],
    ["169.254.43518", "169.254.169.254"],
    ["１６９.254.169.254", "169.254.169.254"],
    ["[::ffff:169.254.169.254]", "169.254.169.254"],
    ["::ffff:a9fe:a9fe", "169.254.169.254"],
    ["[FD00:EC2:0:0::254]", "fd00:ec2::254"],
    ["fd00:ec2::254", "fd00:ec2::254"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["bücher.example", "xn--bcher-kva.example"],
  ])("%s is %s", (text, host) => {
    expect(parseHost(text)).toBe(host);
  });

  test.each([
    "",
    "https://a.org",
    "a.org/x",
    "a.org:80",
    "u@a.org",
    "*",
    "*.a.org",
    "a b",
    "fe80::1%eth0",
    "a.*",
  ])("%j is no host", (text) => {
    expect(parseHost(text)).toBeUndefined();
  });

  test("the spelling of a spelling is itself", () => {
    const hosts = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), fc.string());
    fc.assert(
      fc.property(hosts, (host) => canonicalHost(canonicalHost(host)) === canonicalHost(host)),
    );
  });

  test("every name and address is a host", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.domain(), fc.ipV4Extended(), fc.ipV6()),
        (host) => parseHost(host) !== undefined,
      ),
    );
  });
});

describe("*.example.org", () => {
  const matches = hostMatcher(["*.Example.org"]);
  test.each([
    ["a.example.org", true],
    ["b.a.example.org", true],
    ["example.org", false],
    ["notexample.org", false],
    ["example.org.evil.net", false],
  ])("%s: %s", (host, expected) => {
    expect(matches(host)).toBe(expected);
  });
});
