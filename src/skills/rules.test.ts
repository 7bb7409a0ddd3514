import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LoadedSkill } from "../tools/tool.ts";
import { skillVerdict } from "./rules.ts";
import type { SkillCall } from "./tool-pattern.ts";

const skill = (rules: Partial<LoadedSkill>, name = "s"): LoadedSkill => ({
  name,
  digest: name,
  disallowedTools: [],
  approvalTools: [],
  ...rules,
});
const command = (line: string): SkillCall => ({ tool: "run_command", args: { command: line } });
const effect = (rules: Partial<LoadedSkill>, call: SkillCall | string, housekeeping = false) =>
  skillVerdict([skill(rules)], typeof call === "string" ? { tool: call } : call, housekeeping)
    ?.effect ?? "silent";

describe("a skill's list of allowed tools", () => {
  test.each([
    ["Read", "files__read_text_file", "silent"],
    ["read", "files__read_file", "silent"],
    ["Read", "files__write_file", "deny"],
    ["Edit", "append_line", "silent"],
    ["Bash", "run_command", "silent"],
    ["WebFetch", "web__fetch", "silent"],
    ["mcp__github__get_issue", "github__get_issue", "silent"],
    ["mcp__github", "github__get_issue", "silent"],
    ["mcp__github", "gitlab__get_issue", "deny"],
    ["files__*", "files__write_file", "silent"],
    ["write_file", "files__write_file", "silent"],
    ["*", "anything", "silent"],
    ["AskUserQuestion", "files__read_file", "deny"],
    ["Read(docs/**)", "files__read_file", "deny"],
  ])("with %s about %s: %s", (entry, tool, expected) => {
    expect(effect({ allowedTools: [entry] }, tool)).toBe(expected);
  });

  test.each([
    ["Bash(git *)", "git log", "silent"],
    ["Bash(git:*)", "git", "silent"],
    ["Bash(git *)", "gitk", "deny"],
    ["Bash(git *)", "git log && rm -rf .", "deny"],
    ["Bash(git *)", "git log; curl x | sh", "deny"],
    ["Bash(git *)", "git log $(rm x)", "deny"],
    ["Bash(git *)", "git log `rm x`", "deny"],
    ["Bash(git *)", "git log\nrm x", "deny"],
    ["Bash(git *)", "git log > ../x", "deny"],
    ["Bash(git *)", "git diff <(rm x)", "deny"],
    ["Bash(git *)", "git log 2>&1", "silent"],
    ["Bash(git *)", "X=1 git log", "deny"],
    ["Bash(npm run test)", "npm  run test", "silent"],
    ["Bash(npm run test)", "npm run test2", "deny"],
    ["Bash(*)", "anything && else", "silent"],
    ["Bash()", "anything", "silent"],
  ])("with %s about the command %j: %s", (entry, line, expected) => {
    expect(effect({ allowedTools: [entry] }, command(line))).toBe(expected);
  });

  test("lets the parts of a command line be allowed by several entries", () => {
    const allowedTools = ["Bash(git *)", "Bash(jq *)"];
    expect(effect({ allowedTools }, command("git log | jq ."))).toBe("silent");
    expect(effect({ allowedTools }, command("git log | sh"))).toBe("deny");
  });

  test("allows nothing where it is empty, and says nothing where there is none", () => {
    expect(effect({ allowedTools: [] }, "files__read_file")).toBe("deny");
    expect(effect({}, "files__read_file")).toBe("silent");
  });

  test("is not about tools with which an agent arranges its work; what it forbids is", () => {
    expect(effect({ allowedTools: [] }, "update_plan", true)).toBe("silent");
    expect(effect({ disallowedTools: ["Task"] }, "delegate", true)).toBe("deny");
  });
});

describe("a skill's list of disallowed tools", () => {
  test.each([
    ["Bash(rm *)", "rm -rf x", "deny"],
    ["Bash(rm *)", "ls && rm -rf x", "deny"],
    ["Bash(rm *)", "ls $(rm x)", "deny"],
    ["Bash(rm *)", "sudo rm x", "deny"],
    ["Bash(rm *)", "X=1 /bin/rm x", "deny"],
    ["Bash(rm *)", "'rm' x", "deny"],
    ["Bash(rm *)", "rm", "deny"],
    ["Bash(rm *)", "ls -la | xargs rm x", "deny"],
    ["Bash(rm *)", "echo farm x", "silent"],
    ["Bash(git push *)", "git push --force", "deny"],
    ["Bash(git push *)", "git status", "silent"],
    ["Write, Edit", "ls", "silent"],
  ])("with %s about the command %j: %s", (entry, line, expected) => {
    expect(effect({ disallowedTools: [entry] }, command(line))).toBe(expected);
  });

  test("means the whole tool where it cannot tell what the arguments are about", () => {
    expect(effect({ disallowedTools: ["Read(secrets/**)"] }, "files__read_file")).toBe("deny");
    expect(effect({ disallowedTools: ["Bash(rm *)"] }, "run_command")).toBe("deny");
  });

  test("comes before what the skill asks about, and says which entry it was", () => {
    const verdict = skillVerdict(
      [skill({ disallowedTools: ["Write"], approvalTools: ["*"] }, "pdf")],
      { tool: "files__write_file" },
      false,
    );
    expect(verdict).toEqual({
      effect: "deny",
      skill: "pdf",
      reason: "The skill pdf forbids it: its list of disallowed tools has Write.",
    });
    expect(effect({ disallowedTools: ["Write"], approvalTools: ["*"] }, "x")).toBe("ask");
  });
});

const names = ["a", "b", "c", "server__a", "server__b"] as const;
const list = fc.uniqueArray(fc.constantFrom(...names, "*", "server__*"), { maxLength: 3 });
const anySkill = fc
  .record({
    allowed: fc.option(list, { nil: undefined }),
    disallowedTools: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, list),
    approvalTools: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, list),
  })
  .map(({ allowed, ...rest }) =>
    skill({ ...rest, ...(allowed === undefined ? {} : { allowedTools: allowed }) }),
  );
const strictness = { silent: 0, ask: 1, deny: 2 };
const judged = (skills: readonly LoadedSkill[], tool: string): number =>
  strictness[skillVerdict(skills, { tool }, false)?.effect ?? "silent"];

describe("several skills", () => {
  test("are as strict as the strictest of them, in any order: none can open what another shuts", () => {
    fc.assert(
      fc.property(
        fc.array(anySkill, { maxLength: 4 }),
        fc.constantFrom(...names),
        (skills, tool) => {
          const alone = Math.max(0, ...skills.map((one) => judged([one], tool)));
          expect(judged(skills, tool)).toBe(alone);
          expect(judged(skills.toReversed(), tool)).toBe(alone);
        },
      ),
    );
  });

  test("whose lists have nothing in common leave no tool, and never all", () => {
    const one = skill({ allowedTools: ["a"] }, "one");
    const other = skill({ allowedTools: ["b"] }, "other");
    for (const tool of names) expect(judged([one, other], tool)).toBe(strictness.deny);
  });
});
