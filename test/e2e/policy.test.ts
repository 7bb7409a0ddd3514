import { existsSync, readFileSync, writeFileSync } from "node:fs";
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

describe("policy test", () => {
  const cases = (folder: string, effect: string): void =>
    writeFileSync(
      join(folder, "cases.yaml"),
      `policy: [a]\nfiles: [a.yaml]\ncases:\n  - name: wiping\n    call: { connector: "mcp:x", tool: wipe }\n    expect: { effect: ${effect}, rule: a/r }\n`,
    );

  test("ends with 0 where every case is as expected, packs named from the test file", async () => {
    const folder = freshFolder();
    packIn(folder, "a", "deny: { tool: wipe }");
    cases(folder, "deny");
    const { code, stdout } = await runInProcess(["policy", "test", "cases.yaml"], folder);
    expect([code, stdout]).toEqual([0, "1 case, 1 passed, 0 failed\n"]);
  });

  test("ends with 1 where one is not, shows it and writes it as CTRF", async () => {
    const folder = freshFolder();
    packIn(folder, "a", "deny: { tool: wipe }");
    cases(folder, "allow");
    const words = ["policy", "test", "cases.yaml", "--ctrf", "out.json"];
    const { code, stdout } = await runInProcess(words, folder);
    expect(code).toBe(1);
    expect(stdout).toContain("cases.yaml:4:5: failed wiping");
    expect(stdout).toContain("expected allow by a/r, got deny by a/r (because)");
    expect(JSON.parse(readFileSync(join(folder, "out.json"), "utf8"))).toMatchObject({
      reportFormat: "CTRF",
      results: {
        summary: { tests: 1, passed: 0, failed: 1, skipped: 0, pending: 0, other: 0 },
        tests: [{ name: "wiping", status: "failed", line: 4, message: expect.any(String) }],
      },
    });
  });

  test("asks the policy of the settings where the file names none", async () => {
    const folder = freshFolder();
    const file = join(folder, "cases.yaml");
    writeFileSync(
      file,
      'cases:\n  - call: { connector: "mcp:x" }\n    expect: { effect: deny, rule: settings/blocked-connectors }\n',
    );
    writeFileSync(join(folder, "agent33.config.yaml"), 'policy: { blockConnectors: ["mcp:*"] }\n');
    expect((await runInProcess(["policy", "test", file], folder)).code).toBe(0);
  });
});

describe("policy import", () => {
  test("shows a pack that can be selected at once, from Cedar and from Claude Code", async () => {
    const folder = freshFolder();
    writeFileSync(
      join(folder, "p.cedar"),
      'permit(principal, action, resource) when { context.tool == "x" };',
    );
    writeFileSync(join(folder, "s.json"), '{ "permissions": { "deny": ["WebFetch"] } }');
    for (const [source, file] of [
      ["cedar", "p.cedar"],
      ["claude-code", "s.json"],
    ] as const) {
      const words = ["policy", "import", source, file];
      const shown = await runInProcess(words, folder);
      expect(shown.code).toBe(0);
      const written = await runInProcess(
        [...words, "--name", "mine", "--out", "mine.yaml"],
        folder,
      );
      expect(written.stdout).toContain('mine.yaml: the pack "mine" with');
      expect(readFileSync(join(folder, "mine.yaml"), "utf8")).toBe(
        shown.stdout.replace(`pack: ${source}`, "pack: mine"),
      );
      const linted = await runInProcess(
        ["policy", "lint", "mine.yaml", "--policy", "mine"],
        folder,
      );
      expect(linted.stdout).toContain("0 errors");
    }
  });

  test("takes commands and paths of Claude Code over, and the pack decides so", async () => {
    const folder = freshFolder();
    const permissions = {
      allow: ["Bash(npm run test:*)", "Edit(/src/**)"],
      deny: ["Bash(rm:*)", "Read(./secrets/**)"],
    };
    writeFileSync(join(folder, "s.json"), JSON.stringify({ permissions }));
    await runInProcess(["policy", "import", "claude-code", "s.json", "--out", "p.yaml"], folder);
    writeFileSync(
      join(folder, "agent33.config.yaml"),
      "policy: { packs: [claude-code], files: [p.yaml] }\n",
    );
    const said = async (...words: readonly string[]) =>
      (await runInProcess(["policy", "explain", ...words], folder)).stdout.split(":")[0];
    const run = (command: string) =>
      said("shell:sandbox", "--tool", "run_command", "--args", JSON.stringify({ command }));
    expect(await run("npm run test -- --watch")).toBe("allow");
    expect(await run("npm run test && rm -rf x")).toBe("deny");
    expect(await run("npm run test | sh")).toBe("ask");
    const edit = (path: string) =>
      said("tool:workspace", "--effect", "write", "--args", JSON.stringify({ path }));
    expect([await edit("src/a.ts"), await edit("src/../b.ts")]).toEqual(["allow", "ask"]);
  });

  test("writes nothing where something cannot be said, and names it with its place", async () => {
    const folder = freshFolder();
    writeFileSync(
      join(folder, "p.cedar"),
      "permit(principal, action, resource);\n\npermit(principal, action, resource) when { context.x > 3 };",
    );
    const words = ["policy", "import", "cedar", "p.cedar", "--out", "mine.yaml"];
    const { code, stderr } = await runInProcess(words, folder);
    expect(code).toBe(1);
    expect(stderr).toContain('p.cedar:3:1: refused packs cannot say ">"');
    expect(existsSync(join(folder, "mine.yaml"))).toBe(false);
  });
});

describe("policy lint and what the settings say besides", () => {
  const linted = async (settings: string) => {
    const folder = freshFolder();
    packIn(folder, "own", 'deny: { connector: "mcp:old" }');
    writeFileSync(join(folder, "agent33.config.yaml"), settings);
    return runInProcess(["policy", "lint"], folder);
  };

  test("finds packs and connectors that are none, in parts that nobody uses", async () => {
    const { code, stdout } = await linted(`policy:
  entryPoints:
    api: { packs: [strict-wep] }
    mcp: { blockConnectors: ["mpc:*"] }
  tenants:
    acme: { packs: [mcp-readnly], blockOperations: ["tools/*"] }
`);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /policy\.unknown_pack: there is no policy pack "strict-wep", which policy\.entryPoints\.api[^\n]*agent33\.config\.yaml:3/,
    );
    expect(stdout).toMatch(/policy\.entryPoints\.mcp[^\n]*settings\/blocked-connectors[^\n]*"mpc"/);
    expect(stdout).toMatch(/"mcp-readnly", which policy\.tenants\.acme/);
    expect(stdout).toMatch(/policy\.tenants\.acme[^\n]*settings\/blocked-operations[^\n]*pattern/);
    expect(stdout).toContain("4 errors, 0 warnings");
  });

  test("warns of parts that change nothing", async () => {
    const { code, stdout } = await linted(`policy:
  packs: [own]
  files: [own.yaml]
  blockOperations: [http.delete]
  entryPoints:
    api: { packs: [own] }
    mcp: { blockConnectors: ["mcp:old", "mcp:new"] }
  tenants:
    acme: { blockOperations: [http.delete] }
    empty: {}
    other: { packs: [own, strict-web], blockConnectors: ["mcp:new"] }
`);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /policy\.entryPoints\.api [^\n]* names the packs that hold for all calls/,
    );
    expect(stdout).toMatch(
      /policy\.entryPoints\.mcp [^\n]* blocks "mcp:old", which "own\/r" denies/,
    );
    expect(stdout).toMatch(/policy\.tenants\.acme [^\n]* blocks "http\.delete", which "settings\//);
    expect(stdout).toMatch(/policy\.tenants\.empty [^\n]* says nothing/);
    expect(stdout).toContain("0 errors, 4 warnings");
  });
});

describe("a remembered yes to a rule that is not there any more", () => {
  const folderWith = (answered: string): string => {
    const folder = freshFolder();
    writeFileSync(
      join(folder, "yes.yaml"),
      `pack: remembered\nversion: 1\ndescription: d\ndefault: allow\nrules:\n  - id: yes-1\n    allow: { connector: "shell:*" }\n    answers: [${answered}]\n    reason: x\n`,
    );
    writeFileSync(
      join(folder, "agent33.config.yaml"),
      "policy: { packs: [default, remembered], files: [yes.yaml] }\n",
    );
    return folder;
  };

  test("ends the start with its file and line, and with what to do", async () => {
    const folder = folderWith("default/shell-ask");
    const { code, stderr } = await runInProcess(["policy", "explain", "shell:x"], folder);
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      `${join(folder, "yes.yaml")}:6:5: the rule "remembered/yes-1" answers "default/shell-ask"`,
    );
    expect(stderr).toContain('Take "default/shell-ask" out of its answers, or the whole rule');
    expect(stderr).toContain('"default/shell-asks"');
  });

  test("is found by lint beforehand, and one that is there is no problem of its pack alone", async () => {
    const gone = await runInProcess(["policy", "lint"], folderWith("default/shell-ask"));
    expect([gone.code, gone.stdout.match(/policy\.unknown_rule/g)]).toEqual([
      1,
      ["policy.unknown_rule"],
    ]);
    expect(gone.stdout).toContain("yes.yaml:6:5");
    const there = await runInProcess(["policy", "lint"], folderWith("default/shell-asks"));
    expect([there.code, there.stdout]).toEqual([0, expect.stringContaining("0 errors")]);
  });
});
