import * as cedarLibrary from "@cedar-policy/cedar-wasm/nodejs";
import { describe, expect, test } from "vitest";
import { cedar, cel, ours } from "../bench/policy/engines.ts";
import { cedarOf, makeQuestions, makeRules, packOf } from "../bench/policy/workload.ts";
import { importCedar } from "../src/boundary/policy/import/cedar.ts";
import { compilePolicy } from "../src/boundary/policy/index.ts";
import { parsePack } from "../src/boundary/policy/pack-file.ts";

describe("the benchmark of policies", () => {
  const rules = makeRules(60, 1);
  const questions = makeQuestions(60, 400, 2);
  const places = questions.map((_, place) => place);

  test("gives every engine the same policy", () => {
    const answers = [ours, cel, cedar].map((build) => places.map(build(rules, questions)));
    const allowed = answers[0]?.filter((answer) => answer === "allow").length ?? 0;
    // Were all answers alike, agreeing would be no art.
    expect(allowed).toBeGreaterThan(40);
    expect(allowed).toBeLessThan(360);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  test("tells a policy that is another apart", () => {
    const other = rules.map((rule, index) =>
      index % 4 === 0 ? ({ ...rule, effect: "allow" } as const) : rule,
    );
    expect(places.map(cedar(other, questions))).not.toEqual(places.map(ours(rules, questions)));
  });

  test("has Cedar policies that are imported as the same decisions", () => {
    const made = importCedar(cedarLibrary, cedarOf(rules), "bench.cedar", "bench");
    if (!made.ok) throw new Error(made.refused[0]?.message);
    const imported = compilePolicy([parsePack(made.text, "bench.yaml")]);
    const own = compilePolicy([packOf(rules)]);
    for (const { facts, connector, principal } of questions) {
      expect(imported.decide(facts, connector, principal).effect).toBe(
        own.decide(facts, connector, principal).effect,
      );
    }
  });

  test("makes the same rules and questions of the same seed", () => {
    expect(makeRules(60, 1)).toEqual(rules);
    expect(makeQuestions(60, 400, 2)).toEqual(questions);
    expect(makeRules(60, 3)).not.toEqual(rules);
  });
});
