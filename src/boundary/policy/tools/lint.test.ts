import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attempt } from "../../../base/result.ts";
import { compilePolicy } from "../compile.ts";
import { loadPacks } from "../load.ts";
import { lintPacks, type LintRequest } from "./lint.ts";
import { sarifReport } from "./sarif.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lint-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A pack whose rules are given as `id: word: {match}`. */
function write(name: string, rules: readonly string[], more = "default: deny"): string {
  const path = join(folder, `${name}.yaml`);
  const lines = rules.map((rule, index) => `  - { id: r${index + 1}, ${rule}, reason: x }`);
  const list = lines.length === 0 ? "rules: []" : `rules:\n${lines.join("\n")}`;
  writeFileSync(path, `pack: ${name}\nversion: 1\ndescription: d\n${more}\n${list}\n`);
  return path;
}

function lint(request: Partial<LintRequest>) {
  return lintPacks({ files: [], paths: [], select: ["default"], ...request });
}

/** Each problem as `line:column code`, with a `~` before those that only warn. */
function told(request: Partial<LintRequest>): readonly string[] {
  return lint(request).problems.map(
    ({ severity, code, at }) =>
      `${severity === "warning" ? "~" : ""}${at?.line ?? "-"}:${at?.column ?? "-"} ${code}`,
  );
}

describe("looking for problems", () => {
  test("finds none in the shipped packs, one by one", () => {
    for (const name of ["default", "strict-web", "mcp-readonly", "air-gapped"]) {
      expect(lint({ select: [name] }).problems, name).toEqual([]);
    }
  });

  test("tells every problem of a file, of its form and of its meaning, each with its place", () => {
    const file = write(
      "mine",
      [
        "deny: { tol: a, hst: b }",
        "deny: { connector: [mcp, 'zzz:*'], host: 'a:b' }",
        "deny: { effect: raed }",
        "allow: { tool: x }",
        "deny: { tool: 'x*' }",
      ],
      "extends: [strict-wbe]\ndefault: deny",
    );
    expect(told({ files: [file] })).toEqual([
      "4:11 policy.unknown_pack",
      "7:23 policy.malformed_pack",
      "7:31 policy.malformed_pack",
      "8:5 policy.never_matches",
      "8:5 policy.never_matches",
      "8:5 policy.never_matches",
      "9:31 policy.malformed_pack",
      "10:5 policy.shadowed",
    ]);
  });

  test("says what to do, and leaves the place out of the message", () => {
    const file = write("mine", ["deny: { tol: a }"]);
    expect(lint({ files: [file] }).problems).toEqual([
      {
        severity: "error",
        code: "policy.malformed_pack",
        message: 'unknown key "tol".',
        hint: 'Did you mean "tool"?',
        at: { file, line: 6, column: 23 },
      },
    ]);
  });

  test("tells the problems of all files, also where one cannot be read", () => {
    const files = [
      write("b", ["deny: { tool: [] }"]),
      join(folder, "nowhere.yaml"),
      write("a", ["ask: { connector: 'mpc:*' }"]),
    ];
    writeFileSync(join(folder, "broken.yaml"), "pack: [unclosed");
    const { problems, files: looked } = lint({ files: [...files, join(folder, "broken.yaml")] });
    expect(problems.map(({ at, code }) => [at?.file.split("/").at(-1), code])).toEqual([
      ["a.yaml", "policy.never_matches"],
      ["b.yaml", "policy.never_matches"],
      ["broken.yaml", "policy.malformed_pack"],
      ["nowhere.yaml", "policy.unreadable_pack"],
    ]);
    expect(looked).toBe(3);
  });

  test("does not take a pack for missing that is only malformed", () => {
    write("base", [], "default: maybe");
    write("mine", ["deny: { tool: [] }"], "extends: [base]\ndefault: deny");
    expect(told({ files: [folder], select: ["mine"] })).toEqual([
      "4:10 policy.malformed_pack",
      "7:5 policy.never_matches",
    ]);
  });

  test("finds circles, ids given twice and packs given twice", () => {
    write("a", [], "extends: [b]\ndefault: deny");
    write("b", [], "extends: [a]\ndefault: deny");
    const twice = write("c", []);
    writeFileSync(
      join(folder, "d.yaml"),
      "pack: c\nversion: 1\ndescription: d\ndefault: deny\nrules:\n  - { id: x, deny: { tool: a }, reason: x }\n  - { id: x, deny: { tool: b }, reason: x }\n",
    );
    const codes = lint({ files: [folder] }).problems.map(({ code }) => code);
    expect(codes).toContain("policy.extends_cycle");
    expect(codes).toContain("policy.duplicate_rule");
    expect(codes).toContain("policy.duplicate_pack");
    expect(told({ files: [twice] })).toEqual([]);
  });

  test("a misspelt pack in the selection is a problem of the settings", () => {
    const [problem, ...others] = lint({ select: ["strict-wbe"] }).problems;
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      code: "policy.unknown_pack",
      hint: expect.stringContaining("strict-web"),
    });
    expect(problem).not.toHaveProperty("at");
  });

  test("a file stands in for the pack whose name it has", () => {
    const file = write("default", ["deny: { tool: [] }"]);
    expect(told({ files: [file] })).toEqual(["6:5 policy.never_matches"]);
    expect(told({ paths: [file] })).toEqual(["1:1 policy.duplicate_pack"]);
  });
});

describe("a rule that selected packs make pointless", () => {
  const warned = (
    one: readonly string[],
    other: readonly string[],
    more: Partial<LintRequest> = {},
  ) => {
    const files = [write("one", one), write("other", other)];
    return told({ files, select: ["one", "other"], ...more });
  };

  test("is one that a stricter rule beside it covers", () => {
    expect(warned(["allow: { tool: a }"], ["deny: { tool: 'a*' }"])).toEqual([
      "~6:5 policy.pointless",
    ]);
  });

  test("is one that an equal rule before it covers", () => {
    expect(warned(["deny: { tool: 'a*' }"], ["deny: { tool: a }"])).toEqual([
      "~6:5 policy.pointless",
    ]);
    expect(warned(["deny: { tool: a }"], ["deny: { tool: 'a*' }"])).toEqual([]);
  });

  test("is not one that opens what the other leaves shut", () => {
    const wide = ["allow: { connector: 'mcp:*' }"];
    expect(warned(wide, ["allow: { connector: 'mcp:a', private: true }"])).toEqual([]);
    expect(warned(wide, ["allow: { connector: 'mcp:a', private: false }"])).toHaveLength(1);
  });

  test("may be made so by the settings' blocklist", () => {
    const files = [write("one", ["allow: { connector: 'mcp:a' }"])];
    const blocklist = { connectors: ["mcp:*"] };
    expect(told({ files, select: ["one"], blocklist })).toEqual(["~6:5 policy.pointless"]);
    expect(told({ files, select: ["default"], blocklist: {} })).toEqual([]);
  });

  test("is not told where packs are not selected together, or one extends the other", () => {
    const files = [write("one", ["allow: { tool: a }"]), write("other", ["deny: { tool: a }"])];
    expect(told({ files, select: ["one"] })).toEqual([]);
    const tightening = write("tight", ["deny: { tool: a }"], "extends: [one]\ndefault: deny");
    expect(told({ files: [...files, tightening], select: ["tight", "one"] })).toEqual([]);
  });

  test("is neither one in shadow nor one that only a rule in shadow or dry-run covers", () => {
    const allow = ["allow: { tool: a }"];
    const inMode = (mode: string) =>
      write("other", ["deny: { tool: a }"], `mode: ${mode}\ndefault: allow`);
    const files = [write("one", allow)];
    for (const mode of ["shadow", "dry-run"]) {
      expect(told({ files: [...files, inMode(mode)], select: ["one", "other"] })).toEqual([]);
    }
    const shaded = write("other", allow, "mode: shadow\ndefault: allow");
    expect(told({ files: [...files, shaded], select: ["one", "other"] })).toEqual([]);
  });

  test("does not keep the policy from being used", () => {
    const files = [write("one", ["allow: { tool: a }"]), write("other", ["deny: { tool: a }"])];
    const packs = loadPacks({ select: ["one", "other"], paths: files });
    expect(compilePolicy(packs).rules).toHaveLength(2);
  });
});

test("what start-up refuses is among the problems, with the same words", () => {
  for (const rule of ["deny: { tool: [] }", "deny: { tol: x }", "allow: { host: 'a/b' }"]) {
    const file = write("mine", [rule]);
    const refused = attempt(() => compilePolicy(loadPacks({ select: ["mine"], paths: [file] })));
    const { problems } = lint({ files: [file] });
    expect(refused.ok ? "" : refused.error.message).toBe(
      `${file}:${problems[0]?.at?.line}:${problems[0]?.at?.column}: ${problems[0]?.message}`,
    );
  }
});

test("as SARIF, each problem has its rule, its level and its place", () => {
  const file = write("mine", ["deny: { tool: [] }"]);
  const sarif = sarifReport(lint({ files: [file], select: ["mine", "nowhere"] }), {
    name: "agent33",
    version: "1.2.3",
  });
  expect(sarif).toMatchObject({
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "agent33",
            rules: [{ id: "policy.never_matches" }, { id: "policy.unknown_pack" }],
          },
        },
        results: [
          { ruleId: "policy.unknown_pack", ruleIndex: 1, level: "error" },
          {
            ruleId: "policy.never_matches",
            ruleIndex: 0,
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: `file://${file}` },
                  region: { startLine: 6, startColumn: 5 },
                },
              },
            ],
          },
        ],
      },
    ],
  });
});
