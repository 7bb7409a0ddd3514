import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import type { CallFacts } from "../boundary/types.ts";
import { policySelectionSchema } from "../config/schema.ts";
import { outrightDenial } from "./outright-denial.ts";
import { compileSelection } from "./policy.ts";

const principal = { tenant: "t", user: "u", agent: "a" };
const call = (tool: string): CallFacts => ({
  operation: "tools/call",
  effect: "unknown",
  repeat: "once",
  tool,
  args: {},
});

function denied(tool: string, lines: readonly string[], fallback = "allow"): boolean {
  const folder = temporaryFolder("denial");
  const file = join(folder, "own.yaml");
  const head = ["pack: own", "version: 1", "description: for this test", `default: ${fallback}`];
  writeFileSync(file, [...head, lines.length === 0 ? "rules: []" : "rules:", ...lines].join("\n"));
  const selection = policySelectionSchema.parse({ packs: ["own"], files: [file] });
  const policy = compileSelection(selection, folder).policyFor({
    entryPoint: "cli",
    tenant: "t",
  });
  return outrightDenial(policy)(call(tool), "mcp:x", principal);
}
const rule = (effect: string, match: string, more = "") => [
  "  - id: r",
  `    ${effect}: ${match}`,
  ...(more === "" ? [] : [`    ${more}`]),
  "    reason: For this test.",
];

describe("a denial is outright", () => {
  test("where a rule denies the tool by what it is", () => {
    expect(denied("x__purge", rule("deny", "{ tool: x__purge }"))).toBe(true);
  });
  test("where nothing but the default speaks, and no argument could change that", () => {
    expect(denied("x__purge", [], "deny")).toBe(true);
    expect(denied("x__purge", rule("allow", "{ tool: x__read }"), "deny")).toBe(true);
  });
});

describe("a denial is not outright", () => {
  test("where it hangs on the arguments", () => {
    const lines = rule("deny", "{ tool: x__pay }", "when: args.amount > 5.0");
    expect(denied("x__pay", lines)).toBe(false);
  });
  test("where other arguments could open what the default shuts", () => {
    const lines = rule("allow", "{ tool: x__pay }", "when: args.amount < 5.0");
    expect(denied("x__pay", lines, "deny")).toBe(false);
  });
  test("where it holds only beyond a count of calls", () => {
    const lines = rule("deny", "{ tool: x__pay }", "limit: { per: run, max: 2 }");
    expect(denied("x__pay", lines)).toBe(false);
  });
  test("where it holds only beyond a sum of what the arguments say", () => {
    const lines = rule("deny", "{ tool: x__pay }", "limit: { per: run, max: 2, sum: args.amount }");
    expect(denied("x__pay", lines)).toBe(false);
  });
  test("where a person is asked, or where it is allowed", () => {
    expect(denied("x__pay", rule("ask", "{ tool: x__pay }"))).toBe(false);
    expect(denied("x__other", rule("deny", "{ tool: x__pay }"))).toBe(false);
  });
});
