import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../base/clock.ts";
import type { Agent33Error } from "../../../base/errors.ts";
import { attempt } from "../../../base/result.ts";
import { compilePolicy } from "../compile.ts";
import { parsePack } from "../pack-file.ts";
import { readTestFile } from "./test-file.ts";
import { runCases } from "./test-run.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cases-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const usual = { tenant: "t", user: "u" };

function read(text: string) {
  const file = join(folder, "x.yaml");
  writeFileSync(file, text);
  return readTestFile(file, usual);
}

function failure(text: string): Agent33Error {
  const result = attempt(() => read(text));
  if (result.ok) throw new Error("no error");
  return result.error;
}

test("a case says as much of the call as it likes", () => {
  const { cases, policy, files } = read(`
policy: [default]
files: [mine.yaml]
principal: { tenant: home, agent: writer@1 }
cases:
  - call: { connector: "mcp:files" }
    expect: { effect: allow }
  - name: everything
    call:
      connector: "http:api"
      operation: http.post
      effect: write
      repeat: keyed
      tool: post
      toolDigest: abc
      host: a.test
      address: 10.0.0.1
      port: 8443
      private: true
      args: { amount: 3, to: [x] }
      tenant: other
      user: eve
    expect: { effect: deny, rule: default/x }
`);
  expect([policy, files]).toEqual([["default"], ["mine.yaml"]]);
  const file = join(folder, "x.yaml");
  expect(cases).toEqual([
    {
      name: "mcp:files tools/call, unknown",
      at: { file, line: 6, column: 5 },
      connector: "mcp:files",
      facts: { operation: "tools/call", effect: "unknown", repeat: "once" },
      principal: { tenant: "home", user: "u", agent: "writer@1" },
      expected: { effect: "allow" },
    },
    {
      name: "everything",
      at: { file, line: 8, column: 5 },
      connector: "http:api",
      facts: {
        operation: "http.post",
        effect: "write",
        repeat: "keyed",
        tool: "post",
        toolDigest: "abc",
        host: "a.test",
        address: "10.0.0.1",
        port: 8443,
        privateAddress: true,
        args: { amount: 3, to: ["x"] },
      },
      principal: { tenant: "other", user: "eve", agent: "writer@1" },
      expected: { effect: "deny", rule: "default/x" },
    },
  ]);
});

const one = (call: string, expected = "{ effect: allow }", more = "") =>
  `${more}cases:\n  - call: ${call}\n    expect: ${expected}\n`;

describe("a mistake in a test file names its place and the nearest valid name", () => {
  test.each([
    ["a misspelt key", one("{ connector: x, hots: y }"), /:2:27: unknown key "hots"/, /"host"/],
    [
      "a misspelt key of the file",
      one("{ connector: x }", undefined, "polcy: [default]\n"),
      /:1:1: unknown key "polcy"/,
      /"policy"/,
    ],
    [
      "a misspelt effect of a call",
      one("{ connector: x, effect: raed }"),
      /:2:35: .*"raed" is not one of/,
      /"read"/,
    ],
    [
      "a misspelt effect to expect",
      one("{ connector: x }", "{ effect: alow }"),
      /:3:23: .*"alow"/,
      /"allow"/,
    ],
    [
      "a misspelt key of what to expect",
      one("{ connector: x }", "{ effect: allow, rul: y }"),
      /"rul"/,
      /"rule"/,
    ],
    ["a call without a connector", one("{ tool: x }"), /"connector" is missing/, /policy-tools/],
    [
      "a call that cannot be",
      one('{ connector: "tol:x" }'),
      /:2:\d+: .*no connector has the surface "tol" \(Did you mean "tool"\?\)/,
      /./,
    ],
    ["no cases", "cases: []\n", /give at least one case/, /./],
    [
      "arguments that are no object",
      one("{ connector: x, args: [1] }"),
      /arguments as an object/,
      /./,
    ],
  ] as const)("%s", (_, text, message, hint) => {
    const error = failure(text);
    expect(error.code).toBe("policy.malformed_test");
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });
});

describe("running cases", () => {
  const policy = compilePolicy([
    parsePack(
      "pack: p\nversion: 1\ndescription: d\ndefault: allow\nrules:\n  - { id: no, deny: { tool: wipe }, reason: Too much. }\n",
      "p.yaml",
    ),
  ]);
  const result = (expected: string) => {
    const { cases } = read(one('{ connector: "mcp:a", tool: wipe }', expected));
    return runCases(policy, cases, systemClock)[0];
  };

  test("passes where effect and rule are as expected", () => {
    expect(result("{ effect: deny, rule: p/no }")).toMatchObject({ passed: true });
    expect(result("{ effect: deny }")).toMatchObject({ passed: true });
  });

  test("fails where the effect is another, and says which rule decided and why", () => {
    expect(result("{ effect: allow }")).toMatchObject({
      passed: false,
      message: "expected allow, got deny by p/no (Too much.)",
    });
  });

  test("fails where another rule decides, and says so of one that is not there", () => {
    expect(result("{ effect: deny, rule: p/default }")?.message).toMatch(
      /^expected deny by p.default, got deny by p.no/,
    );
    expect(result("{ effect: deny, rule: p/on }")?.message).toMatch(
      /this policy has no rule "p.on". Did you mean "p.no"\?/,
    );
  });
});
