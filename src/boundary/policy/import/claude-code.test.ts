import { describe, expect, test } from "vitest";
import type { Effect } from "../../../base/effect.ts";
import type { JsonObject } from "../../../base/json.ts";
import type { CallFacts } from "../../types.ts";
import { compilePolicy } from "../compile.ts";
import { parsePack } from "../pack-file.ts";
import { importClaudeCode } from "./claude-code.ts";

interface Permissions {
  readonly allow?: readonly string[];
  readonly ask?: readonly string[];
  readonly deny?: readonly string[];
  readonly [more: string]: unknown;
}

function imported(permissions: Permissions, more: object = {}) {
  const text = JSON.stringify({ ...more, permissions }, null, "\t");
  return importClaudeCode(text, "settings.json", "mine");
}

function packOf(permissions: Permissions) {
  const made = imported(permissions);
  if (!made.ok) throw new Error(made.refused.map((one) => one.message).join("\n"));
  return parsePack(made.text, "mine.yaml");
}

/** `effect by rule` for a call, as `connector operation effect tool host`. */
function decided(permissions: Permissions, call: string, args?: JsonObject): string {
  const [connector = "", operation = "", effect = "read", tool = "-", host = "-"] = call.split(" ");
  const facts: CallFacts = {
    operation,
    effect: effect as Effect,
    repeat: "once",
    ...(tool === "-" ? {} : { tool }),
    ...(host === "-" ? {} : { host }),
    ...(args === undefined ? {} : { args }),
  };
  const policy = compilePolicy([packOf(permissions)]);
  return policy.decide(facts, connector, { tenant: "t", user: "u" }).effect;
}

function refusals(permissions: Permissions, more: object = {}): readonly string[] {
  const made = imported(permissions, more);
  return made.ok ? [] : made.refused.map(({ at, message }) => `${at.line}: ${message}`);
}

describe("the permissions become rules", () => {
  test.each([
    ["Bash", { connector: ["shell:*"] }],
    ["Bash(*)", { connector: ["shell:*"] }],
    ["Read", { connector: ["tool:workspace"], effect: ["read"] }],
    ["Edit", { connector: ["tool:workspace"], effect: ["write", "destructive"] }],
    ["WebSearch", { connector: ["search:*"] }],
    ["WebFetch", { connector: ["web:*"] }],
    ["WebFetch(domain:Docs.Example.org)", { connector: ["web:*"], host: ["docs.example.org"] }],
    ["WebFetch(domain:*)", { connector: ["web:*"] }],
    ["WebFetch(domain:*.example.org)", { connector: ["web:*"], host: ["*.example.org"] }],
    ["mcp__github", { connector: ["mcp:github"] }],
    ["mcp__github__*", { connector: ["mcp:github"] }],
    ["mcp__github__get_issue", { connector: ["mcp:github"], tool: ["github__get_issue"] }],
    ["mcp__github__get_*", { connector: ["mcp:github"], tool: ["github__get_*"] }],
  ])("%s", (rule, match) => {
    const [first] = packOf({ deny: [rule] }).rules;
    expect(first).toMatchObject({ effect: "deny", match, reason: `Claude Code: deny ${rule}` });
  });

  test("deny comes before ask before allow", () => {
    const permissions = {
      allow: ["mcp__github"],
      ask: ["mcp__github__create_*"],
      deny: ["mcp__github__create_repo"],
    };
    expect(decided(permissions, "mcp:github tools/call write github__get_issue")).toBe("allow");
    expect(decided(permissions, "mcp:github tools/call write github__create_issue")).toBe("ask");
    expect(decided(permissions, "mcp:github tools/call write github__create_repo")).toBe("deny");
  });

  test("a person is asked where no rule matches, but not about models, reading and tool lists", () => {
    expect(decided({}, "mcp:github tools/call write x")).toBe("ask");
    expect(decided({}, "shell:sandbox tools/call unknown shell")).toBe("ask");
    expect(decided({}, "model:anthropic chat read - api.anthropic.com")).toBe("allow");
    expect(decided({}, "model:local chat read - localhost")).toBe("allow");
    expect(decided({}, "mcp:github tools/list read")).toBe("allow");
    expect(decided({}, "tool:workspace tools/call read look")).toBe("allow");
    expect(decided({}, "tool:workspace tools/call write append_line")).toBe("ask");
  });

  test("in the mode dontAsk everything else is denied", () => {
    expect(decided({ defaultMode: "dontAsk" }, "mcp:github tools/call write x")).toBe("deny");
    expect(
      decided({ defaultMode: "dontAsk", allow: ["Edit"] }, "tool:workspace tools/call write x"),
    ).toBe("allow");
  });

  test("what is never asked about may be forbidden all the same", () => {
    expect(decided({ deny: ["Read"] }, "tool:workspace tools/call read look")).toBe("deny");
    expect(decided({ deny: ["mcp__*"] }, "mcp:github tools/list read")).toBe("deny");
  });

  test("a rule given twice is one", () => {
    const rules = packOf({ allow: ["mcp__a", "mcp__a__*", "mcp__a"] }).rules;
    expect(rules.filter(({ match }) => match.connector?.includes("mcp:a"))).toHaveLength(1);
  });

  test("keys that are not about permissions are named", () => {
    const made = imported({ allow: ["Read"] }, { env: {}, model: "x", $schema: "y" });
    expect(made).toMatchObject({
      ok: true,
      notes: [expect.any(String), expect.stringContaining("env, model")],
    });
  });
});

describe("rules about commands", () => {
  const shell = "shell:sandbox tools/call write run_command";
  const said = (permissions: Permissions, command: JsonObject[string]) =>
    decided(permissions, shell, { command });

  test.each<readonly [string, string, boolean]>([
    ["npm run test:*", "npm run test", true],
    ["npm run test:*", "npm run test -- --watch", true],
    ["npm run test:*", "npm run tests", false],
    ["npm run test *", "npm run test a", true],
    ["npm run test *", "npm run testa", false],
    ["npm run test*", "npm run testa", true],
    ["npm run build", "npm run build", true],
    ["npm run build", "npm run build x", false],
    ["git * main", "git checkout main", true],
    ["git * main", "git checkout other", false],
    ["git log * -n:*", "git log a -n 5", true],
    ["a:* b", "a:x b", true],
    ['say "it\'s":*', 'say "it\'s" loud', true],
  ])("%s and %j", (specifier, command, matches) => {
    const rule = `Bash(${specifier})`;
    expect(said({ allow: [rule] }, command)).toBe(matches ? "allow" : "ask");
    expect(said({ defaultMode: "dontAsk", ask: [rule] }, command)).toBe(matches ? "ask" : "deny");
    expect(said({ deny: [rule] }, command)).toBe(matches ? "deny" : "ask");
  });

  test.each([
    "npm test && rm -rf x",
    "npm test; rm x",
    "npm test | sh",
    "npm test || rm x",
    "npm test & rm x",
    "npm test |& sh",
    "npm test\nrm x",
    "npm test $(rm x)",
    'npm test "$(rm x)"',
    "npm test `rm x`",
    "npm test <(rm x)",
    "npm test > /etc/passwd",
    "npm test ${x:=$(rm x)}",
    "npm test # a\nrm x",
    "npm test \\ #&& rm x",
    "npm test $'a\\' ; rm x '",
    "LD_PRELOAD=x npm test",
    "(npm test; rm x)",
    "npm test <<x\n$(rm x)\nx",
    "bash -c 'npm test'",
    "npm test 'open",
  ])("no more than the command is allowed: %j", (command) => {
    expect(said({ allow: ["Bash(npm test:*)"] }, command)).toBe("ask");
  });

  test("each command of a line may be allowed by a rule of its own", () => {
    const permissions = { allow: ["Bash(npm test:*)", "Bash(git status)", "Bash(echo *)"] };
    expect(said(permissions, "npm test && git status | echo ok; echo 'a && b'")).toBe("allow");
    expect(said(permissions, "npm test && git push")).toBe("ask");
    expect(packOf(permissions).rules.filter(({ when }) => when !== undefined)).toHaveLength(1);
  });

  test.each([
    "ls; rm -rf x",
    "ls $(rm -rf x)",
    "timeout 5 rm -rf x",
    "A=1 rm -rf x",
    "if true; then rm -rf x; fi",
    'echo "$(rm -rf x)"',
    "cat <<x\nrm -rf x\nx",
    "echo 'open",
  ])("what is denied is found anywhere in a line: %j", (command) => {
    const permissions = { deny: ["Bash(rm:*)"], allow: ["Bash"] };
    expect(said(permissions, command)).toBe("deny");
    expect(said(permissions, "ls -la")).toBe("allow");
  });

  test("a command that is no text, or lies elsewhere, is never allowed", () => {
    const permissions = { allow: ["Bash(ls:*)"] };
    expect(said(permissions, ["ls"])).toBe("ask");
    expect(decided(permissions, "shell:other tools/call write x", { script: "ls" })).toBe("ask");
    expect(decided({ deny: ["Bash(ls:*)"] }, "shell:other tools/call write x", {})).toBe("deny");
  });
});

describe("rules about paths", () => {
  const edit = "tool:workspace tools/call write append_line";
  const read = "tool:workspace tools/call read look";

  test.each<readonly [string, string, string, string]>([
    ["/src/**/*.ts", "src/deep/a.ts", "allow", "deny"],
    ["/src/**/*.ts", "src/a.js", "ask", "ask"],
    ["/src/**", "src/../secrets/a", "ask", "ask"],
    ["/src/**", "/src/a", "ask", "deny"],
    ["docs/**", "docs/a.md", "allow", "deny"],
    ["*.env", "deep/a.env", "allow", "deny"],
    ["./a.env", "a.env", "allow", "deny"],
    ["./a.env", "deep/a.env", "ask", "deny"],
    ["secrets/", "x/secrets/key", "allow", "deny"],
  ])("Edit(%s) and %s", (pattern, path, allowed, denied) => {
    expect(decided({ allow: [`Edit(${pattern})`] }, edit, { path })).toBe(allowed);
    expect(decided({ deny: [`Edit(${pattern})`] }, edit, { path })).toBe(denied);
  });

  test("about reading deny it, and leave the rest to be read", () => {
    const permissions = { deny: ["Read(./secrets/**)"] };
    expect(decided(permissions, read, { path: "secrets/a" })).toBe("deny");
    expect(decided(permissions, read, { path: "notes.md" })).toBe("allow");
    expect(decided(permissions, edit, { path: "notes.md" })).toBe("ask");
  });

  test("come with a word on what they do not see", () => {
    const made = imported({ deny: ["Read(a)"], allow: ["Bash(ls)"] });
    expect(made).toMatchObject({
      ok: true,
      notes: [
        expect.any(String),
        expect.stringContaining("Commands are compared"),
        expect.stringContaining("Paths are those below"),
      ],
    });
  });
});

describe("what packs cannot say is refused by name, with its line", () => {
  test.each([
    ["Bash(a && b)", /"a && b" cannot be said: .*each command of a line/],
    ["Bash(echo $(date))", /cannot be said: .*substitutions/],
    ["Bash(a > b)", /cannot be said: .*redirections/],
    ["Bash(a \\\\* b)", /cannot be said: .*backslash/],
    ["Bash(command:rm *)", /cannot be said: .*passes over/],
    ["Bash(:*)", /names no command/],
    ["Read(//etc/**)", /"\/\/etc\/\*\*" cannot be said: .*below the workspace/],
    ["Edit(~/notes.md)", /cannot be said: .*below the workspace/],
    ["Edit(../x)", /cannot be said: it leads up/],
    ["Edit(a[bc])", /cannot be said: .*classes/],
    ["Edit(!a)", /cannot be said: .*exceptions/],
    ["Edit(/)", /cannot be said: it names no file/],
    ["WebSearch(x)", /cannot be said: a search/],
    ["Write", /"Write" has no counterpart/],
    ["Agent(Explore)", /"Agent" has no counterpart/],
    ["WebFetch(https://a.test)", /whole hosts/],
    ["mcp__*", /skips an allow rule that names no server/],
    ["mcp__a__b(x)", /skips rules about MCP tools that have brackets/],
    ["mcp__a__b.c", /offered under another name/],
    ["((", /not of the form/],
    ["toString", /no counterpart/],
  ])("%s", (rule, message) => {
    const refused = refusals({ allow: ["Read", rule] });
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(message);
    expect(refused[0]).toContain(`permissions.allow "${rule}"`);
    expect(refused[0]).toMatch(/^5: /);
  });

  test("modes, folders, hooks and unknown keys too, all at once and in order", () => {
    const permissions = {
      allow: ["Foo"],
      additionalDirectories: ["x"],
      defaultMode: "bypassPermissions",
      disableBypassPermissionsMode: "disable",
    };
    expect(refusals(permissions, { hooks: { PreToolUse: [], Stop: [] } })).toEqual([
      expect.stringMatching(/^3: hooks\.PreToolUse/),
      expect.stringMatching(/^8: permissions\.allow "Foo"/),
      expect.stringMatching(/^1\d: permissions\.additionalDirectories/),
      expect.stringMatching(/^1\d: permissions\.defaultMode "bypassPermissions"/),
    ]);
  });

  test("a rule that a stricter one covers, with its own place", () => {
    expect(refusals({ allow: ["mcp__a__b"], deny: ["mcp__a"] })).toEqual([
      expect.stringMatching(/^4: the rule "mine\/allow-mcp-a-b" \(allow\) never decides/),
    ]);
  });

  test("a file without permissions, and one that is not JSON", () => {
    expect(importClaudeCode("{}", "s", "m")).toMatchObject({ ok: false });
    expect(importClaudeCode("{", "s", "m")).toMatchObject({
      ok: false,
      refused: [{ at: { line: 1 } }],
    });
    expect(importClaudeCode('{"permissions": {"allow": [1]}}', "s", "m")).toMatchObject({
      ok: false,
      refused: [{ at: { line: 1, column: 28 } }],
    });
  });
});
