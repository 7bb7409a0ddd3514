import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";

function packIn(folder: string, name: string, rule: string): string {
  writeFileSync(
    join(folder, `${name}.yaml`),
    `pack: ${name}\nversion: 1\ndescription: d\ndefault: deny\nrules:\n  - { id: r, ${rule}, reason: because }\n`,
  );
  return `${name}.yaml`;
}

describe("policy lint", () => {
  test("shows place, code, message and hint of each problem, and ends with 1", async () => {
    const folder = freshFolder();
    const files = [
      packIn(folder, "a", "deny: { tol: x }"),
      packIn(folder, "b", "deny: { tool: [] }"),
    ];
    const { code, stdout } = await runInProcess(["policy", "lint", ...files], folder);
    expect(code).toBe(1);
    expect(stdout).toContain('a.yaml:6:22: error policy.malformed_pack: unknown key "tol".');
    expect(stdout).toContain('→ Did you mean "tool"?');
    expect(stdout).toContain("b.yaml:6:5: error policy.never_matches:");
    expect(stdout).toContain("2 errors, 0 warnings in 2 files");
  });

  test("warns of a rule that another selected pack makes pointless, and ends with 0", async () => {
    const folder = freshFolder();
    const files = [
      packIn(folder, "a", "allow: { tool: x }"),
      packIn(folder, "b", "deny: { tool: x }"),
    ];
    const select = ["--policy", "a", "--policy", "b", "--sarif", "out.sarif", "--json"];
    const { code, stdout } = await runInProcess(["policy", "lint", ...files, ...select], folder);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      problems: [{ severity: "warning", code: "policy.pointless", at: { line: 6 } }],
    });
    expect(JSON.parse(readFileSync(join(folder, "out.sarif"), "utf8"))).toMatchObject({
      runs: [{ results: [{ level: "warning" }] }],
    });
  });
});
