import { expect, test } from "vitest";
import { isAgent33Error } from "../../base/errors.ts";
import { parseSurface, probesNamed, readSurface } from "./surface-file.ts";

const probe = (more: object = {}): object => ({
  id: "invoke",
  promise: "An agent is asked once.",
  owner: "agents",
  paths: ["src/agents/*"],
  run: ["node", "probe.ts"],
  expect: { output: [{ at: "/outcome", equals: "verified" }] },
  ...more,
});
const read = (...probes: readonly object[]) =>
  parseSurface(JSON.stringify({ version: 1, probes }, null, 1), "s.yaml");
const faultOf = (...probes: readonly object[]): string => {
  try {
    read(...probes);
  } catch (error) {
    if (isAgent33Error(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "none";
};
const looks = (...output: readonly object[]): object => probe({ expect: { output } });

test("reads what must exist and work, with a minute for each probe", () => {
  const { probes } = read(probe());
  expect(probes).toMatchObject([{ id: "invoke", timeout_seconds: 60, expect: { exit: 0 } }]);
});

test.each([
  ["no expectation at all", probe({ expect: {} }), "nothing that could fail but an exit code"],
  ["an exit code alone", probe({ expect: { exit: 2 } }), "nothing that could fail"],
  ["an empty list", looks(), "output"],
  ["a place without a look", looks({ at: "/x" }), "takes one of equals"],
  ["two looks in one", looks({ at: "/x", equals: 1, at_least: 1 }), "takes one of equals"],
  ["what fits every text", looks({ at: "/x", matches: ".*" }), "fits every text"],
  ["what fits every text by a hair", looks({ at: "/x", matches: "^[^]*$|x" }), "fits every text"],
  ["a broken expression", looks({ at: "/x", matches: "(" }), "no expression"],
  ["no pointer", looks({ at: "outcome", equals: 1 }), "no JSON Pointer"],
  ["a report elsewhere", probe({ expect: { report: "../x.json" } }), "below the probe's folder"],
  ["no owner", probe({ owner: " " }), "owner"],
  ["nothing that it hangs on", probe({ paths: [] }), "paths"],
  ["an unknown word", probe({ skip: true }), "skip"],
])("refuses %s", (_what, given, said) => {
  const fault = faultOf(given);
  expect(fault).toMatch(/^evaluation\.surface_malformed s\.yaml:\d+:\d+: /);
  expect(fault).toContain(said);
});

test("refuses two probes of one name, with the line of the second", () => {
  expect(faultOf(probe(), probe())).toMatch(/s\.yaml:\d\d:\d+: There is another probe "invoke"/);
});

test("names probes in the order of the file, and says which there are not", () => {
  const surface = read(probe(), probe({ id: "replay" }));
  expect(probesNamed(surface, []).map(({ id }) => id)).toEqual(["invoke", "replay"]);
  expect(probesNamed(surface, ["replay"]).map(({ id }) => id)).toEqual(["replay"]);
  expect(() => probesNamed(surface, ["repaly"])).toThrow(/no probe "repaly"/);
});

test("says which file is missing", () => {
  expect(() => readSurface("/nowhere/agent33.surface.yaml")).toThrow(/surface file \/nowhere/);
});
