import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileRules } from "./compile.ts";
import { coverIndex, covers } from "./cover.ts";
import type { LoadedPack, LoadedRule } from "./pack.ts";
import type { CompiledRule } from "./policy.ts";
import type { Match } from "./schema.ts";

function compiled(matches: readonly Match[]): readonly CompiledRule[] {
  const rules = matches.map(
    (match, at): LoadedRule => ({ id: `r${at}`, effect: "deny", match, reason: "x" }),
  );
  const pack: LoadedPack = {
    name: "p",
    version: 1,
    description: "d",
    extends: [],
    default: "deny",
    defaultAt: { file: "p.yaml", line: 1, column: 1 },
    rules,
  };
  return compileRules([pack]);
}

const listOf = <T>(...values: readonly T[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const matches = fc.record(
  {
    connector: listOf("mcp:a", "mcp:*", "mcp:a*", "*", "web:*", "m*:a"),
    operation: listOf("get", "put"),
    effect: listOf("read", "write", "destructive"),
    repeat: listOf("safe", "once"),
    tool: listOf("t", "t*", "*", "tt"),
    host: listOf("a.b.c", "*.b.c", "*.c", "b.c", "10.0.0.1", "localhost"),
    port: listOf(80, 443),
    private: listOf(true, false),
    metadata: listOf(true, false),
    tenant: listOf("x", "y"),
    user: listOf("u", "v"),
    agent: listOf("a@1", "a@*"),
  },
  { requiredKeys: [] },
);

describe("rules that cover another one", () => {
  test("are found by their places as they are one by one, in the order given", () => {
    fc.assert(
      fc.property(fc.array(matches, { maxLength: 24 }), (given) => {
        const rules = compiled(given as readonly Match[]).toReversed();
        const coversOf = coverIndex(rules);
        for (const narrow of rules) {
          // What no call can be is told by itself, and covers do not matter for it.
          const { private: inside, metadata } = narrow.match;
          if (inside?.includes(true) === false && metadata?.includes(false) === false) continue;
          expect(coversOf(narrow)).toEqual(rules.filter((wide) => covers(wide, narrow)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("are not looked for among all", () => {
    let asked = 0;
    const count = 2_000;
    const rules = compiled(
      Array.from({ length: count }, (_, at) => ({
        connector: ["web:*"],
        host: [`h${at}.example.org`],
      })),
    ).map((rule) => ({
      ...rule,
      keys: rule.keys.map((key) => ({
        ...key,
        holds: (call: Parameters<typeof key.holds>[0]) => {
          asked += 1;
          return key.holds(call);
        },
        accepts: (value: Parameters<typeof key.accepts>[0]) => {
          asked += 1;
          return key.accepts(value);
        },
      })),
    }));
    const coversOf = coverIndex(rules);
    for (const rule of rules) expect(coversOf(rule)).toEqual([rule]);
    expect(asked).toBeLessThan(10 * count);
  });
});
