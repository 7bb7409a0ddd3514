import { expect, test } from "vitest";
import { knownHost } from "./known-host.ts";

test("a host is known by its one spelling, where it leads and the patterns that it fits", () => {
  expect(knownHost("API.Example.ORG.")).toEqual({
    name: "api.example.org",
    network: undefined,
    above: [".example.org", ".org"],
  });
  expect(knownHost("0x7f.1")).toMatchObject({ name: "127.0.0.1", network: "private" });
  expect(knownHost("localhost")).toEqual({ name: "localhost", network: "private", above: [] });
});

test("what is known is the same however many hosts came between", () => {
  const before = knownHost("first.example.org");
  for (let place = 0; place < 3_000; place += 1) knownHost(`h${place}.example.org`);
  expect(knownHost("first.example.org")).toEqual(before);
  const long = `${"a".repeat(300)}.example.org`;
  expect(knownHost(long).name).toBe(long);
});
