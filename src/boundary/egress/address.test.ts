import { expect, test } from "vitest";
import { isPrivateHost } from "./address.ts";

test.each([
  "127.0.0.1",
  "127.8.9.1",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "localhost",
  "LOCALHOST.",
  "api.localhost",
  "[::1]",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "fd00:ec2::254",
  "fe80::1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "2001:db8::1",
  "ff02::1",
])("%s is not on the public internet", (host) => {
  expect(isPrivateHost(host)).toBe(true);
});

test.each([
  "8.8.8.8",
  "172.15.0.1",
  "172.32.0.1",
  "100.128.0.1",
  "2606:4700:4700::1111",
  "[2a00:1450:4001::1]",
])("%s is public", (host) => {
  expect(isPrivateHost(host)).toBe(false);
});

test("of other names only resolving them would tell", () => {
  expect(isPrivateHost("example.org")).toBeUndefined();
  expect(isPrivateHost("localhost.example.org")).toBeUndefined();
});
