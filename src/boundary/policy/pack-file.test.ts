import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Agent33Error, isAgent33Error } from "../../base/errors.ts";
import { attempt } from "../../base/result.ts";
import { parsePack } from "./pack-file.ts";

const head = "pack: mine\nversion: 1\ndescription: Mine.\ndefault: deny\n";

function failure(text: string): Agent33Error {
  const result = attempt(() => parsePack(text, "mine.yaml"));
  if (result.ok) throw new Error("the pack was accepted");
  return result.error;
}

describe("reading a pack", () => {
  test("gives every key as a list and every rule its place", () => {
    const pack = parsePack(
      `${head}extends: [default]\nrules:\n  - id: one\n    ask: { host: a.org, port: [1, 2] }\n    reason: Because.\n    ttl: 10m\n`,
      "mine.yaml",
    );
    expect(pack.extends).toEqual([
      { name: "default", at: { file: "mine.yaml", line: 5, column: 11 } },
    ]);
    expect(pack.rules).toEqual([
      {
        id: "one",
        effect: "ask",
        match: { host: ["a.org"], port: [1, 2] },
        reason: "Because.",
        ttlMs: 600_000,
        at: { file: "mine.yaml", line: 7, column: 5 },
      },
    ]);
  });

  test.each([
    ["1s", 1_000],
    ["90m", 5_400_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
  ])("reads the time %s as %d milliseconds", (ttl, ttlMs) => {
    const text = `${head}rules: [{ id: a, ask: {}, reason: r, ttl: ${ttl} }]\n`;
    expect(parsePack(text, "mine.yaml").rules[0]?.ttlMs).toBe(ttlMs);
  });
});

describe("a mistake in a pack names its place and the nearest valid name", () => {
  const rule = (lines: string) => `${head}rules:\n  - id: one\n    reason: r\n${lines}`;

  test.each([
    [
      "a misspelt key of the pack",
      `${head}rules: []\nextend: [a]\n`,
      6,
      1,
      /unknown key "extend"/,
      /"extends"/,
    ],
    [
      "a misspelt key of a rule",
      rule("    alow: { tool: x }\n"),
      8,
      5,
      /unknown key "alow"/,
      /"allow"/,
    ],
    [
      "a misspelt key of a match",
      rule("    allow:\n      tool: x\n      conector: a:b\n"),
      10,
      7,
      /unknown key "conector"/,
      /"connector"/,
    ],
    [
      "a misspelt word",
      rule("    deny: { effect: [read, destructiv] }\n"),
      8,
      28,
      /"destructiv" is not one of/,
      /"destructive"/,
    ],
    [
      "a misspelt default",
      head.replace("deny", "denny") + "rules: []\n",
      4,
      10,
      /"denny" is not one of/,
      /"deny"/,
    ],
    [
      "a misspelt condition",
      rule('    deny: {}\n    whn: "args.amount > 500"\n'),
      9,
      5,
      /unknown key "whn"/,
      /"when"/,
    ],
    [
      "a limit per what there is not",
      rule("    limit: { per: session, max: 5 }\n"),
      8,
      19,
      /"session" is not one of run, user, tenant, agent/,
      /Known:/,
    ],
    [
      "a missing reason",
      `${head}rules:\n  - id: one\n    deny: {}\n`,
      6,
      5,
      /"reason" is missing/,
      /./,
    ],
    [
      "a missing default",
      "pack: mine\nversion: 1\ndescription: d\nrules: []\n",
      1,
      1,
      /"default" is missing/,
      /./,
    ],
    ["a rule without an effect", rule(""), 6, 5, /exactly one of deny, ask and allow/, /./],
    [
      "a rule with two effects",
      rule("    deny: {}\n    ask: {}\n"),
      6,
      5,
      /exactly one of deny, ask and allow/,
      /./,
    ],
    ["an effect without a match", rule("    deny:\n"), 8, 10, /rules.0.deny/, /./],
    [
      "a time on a deny",
      rule("    deny: {}\n    ttl: 10m\n"),
      9,
      10,
      /only an ask rule has a ttl/,
      /./,
    ],
    ["a time without a unit", rule("    ask: {}\n    ttl: '10'\n"), 9, 10, /30s, 10m/, /./],
    [
      "a number where a text belongs",
      rule("    deny: { user: 12 }\n"),
      8,
      19,
      /expected string/,
      /./,
    ],
    ["a port that is none", rule("    deny: { port: 70000 }\n"), 8, 19, /65535/, /./],
    [
      "a digest that is none",
      rule("    allow: { toolDigest: ABC }\n"),
      8,
      26,
      /64 lower-case/,
      /./,
    ],
    [
      "an id that stands for the default",
      rule("    deny: {}\n").replace("one", "default"),
      6,
      9,
      /"default" stands for/,
      /./,
    ],
    ["a key given twice", rule("    deny: {}\n    deny: {}\n"), 9, 5, /unique/, /./],
    ["a pattern without quotes", rule("    deny: { tool: * }\n"), 8, 19, /./, /quotes/],
    ["an empty file", "", 1, 1, /./, /./],
    ["two documents", `${head}rules: []\n---\npack: b\n`, 6, 1, /./, /./],
  ] as const)("%s", (_, text, line, column, message, hint) => {
    const error = failure(text);
    expect(error.code).toBe("policy.malformed_pack");
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(error.details).toEqual({ file: "mine.yaml", line, column });
    expect(error.message.startsWith(`mine.yaml:${line}:${column}: `)).toBe(true);
  });

  test("the first of several is told, with the number of the others", () => {
    const error = failure(rule("    deny: { tol: x, hst: y }\n    reson: z\n"));
    expect(error.message).toMatch(/^mine\.yaml:8:13: unknown key "tol"\. \(and 2 more\)$/);
  });
});

test("whatever the text is, reading gives a pack or a typed error", () => {
  const scraps = fc.constantFrom(
    "pack: a\n",
    "version: 1\n",
    "rules:\n",
    "  - id: x\n",
    "    deny: {",
    "}",
    "*a",
    "&a",
    "[",
    "- ",
    ": ",
    "\n",
    "\t",
    "!!x ",
    "default: ask\n",
    "~",
    "'",
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(scraps, { maxLength: 12 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        parsePack(text, "any.yaml");
      } catch (error) {
        expect(isAgent33Error(error) && error.code).toBe("policy.malformed_pack");
      }
    }),
    { numRuns: 1_000 },
  );
});
