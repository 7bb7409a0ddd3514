import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { compilePolicy, loadPacks } from "../src/boundary/policy/index.ts";
import { readLibrary } from "../src/boundary/policy/load.ts";
import { readTestFile } from "../src/boundary/policy/tools/test-file.ts";
import { runCases } from "../src/boundary/policy/tools/test-run.ts";

const folder = new URL("../packs/tests/", import.meta.url).pathname;
const names = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ""));

test("every shipped pack has a file of cases, and every file a pack", () => {
  expect(names.toSorted()).toEqual([...readLibrary().keys()].toSorted());
});

describe.each(names)("the cases of the pack %s", (name) => {
  const { policy: select = [], cases } = readTestFile(`${folder}${name}.yaml`, {
    tenant: "home",
    user: "ann",
  });
  const policy = compilePolicy(loadPacks({ select }));
  const results = runCases(policy, cases, systemClock);

  test("select the pack", () => {
    expect(select).toEqual([name]);
  });

  test.each(results.map((result) => [result.name, result] as const))("%s", (_, result) => {
    expect(result.message ?? "as expected").toBe("as expected");
    expect(result.expected.rule).toBe(result.decided.ruleId);
  });

  test("see every rule of its own match, or count", () => {
    const matched = new Set(
      results.flatMap(({ decided }) => [...decided.matched, ...decided.limits]),
    );
    const own = policy.rules.filter((rule) => rule.pack === name).map((rule) => rule.ruleId);
    expect(own.filter((rule) => !matched.has(rule))).toEqual([]);
  });
});
