import { describe, expect, test } from "vitest";
import { unwrap } from "../base/result.ts";
import { loadTokenCounter } from "../models/tokens.ts";
import type { ToolContext } from "../tools/tool.ts";
import { listSkills } from "./list-skills.ts";
import type { Skill } from "./skill.ts";
import { createLoadSkillTool } from "./skill-tool.ts";

function skill(name: string): Skill {
  return {
    name,
    description: `About ${name}.`,
    body: `How to ${name}`,
    dir: `/skills/${name}`,
    files: [],
    digest: "0",
    license: undefined,
    compatibility: undefined,
    version: undefined,
    allowedTools: undefined,
    disallowedTools: [],
    approvalTools: [],
    dependencies: [],
    modelMayLoad: true,
    metadata: {},
  };
}

const context: ToolContext = {
  signal: new AbortController().signal,
  idempotencyKey: "run/1",
  progress: () => undefined,
};

describe("load_skill", () => {
  const tool = createLoadSkillTool([skill("pdf-forms"), skill("ledger-reconciliation")]);
  const load = (name: string) => tool.run(unwrap(tool.parse({ name })), context);

  test("gives a skill's text", async () => {
    expect(await load("pdf-forms")).toEqual({
      content: "How to pdf-forms",
      isError: false,
      loads: { name: "pdf-forms", digest: "0", disallowedTools: [], approvalTools: [] },
    });
  });

  test.each(["Ledger Reconciliation", "ledger_reconciliation", " ledger-reconciliation "])(
    "understands %j",
    async (name) => {
      expect((await load(name)).content).toBe("How to ledger-reconciliation");
    },
  );

  test("names the known skills when it does not know one", async () => {
    expect(await load("pdf-form")).toEqual({
      content:
        'There is no skill "pdf-form". Did you mean "pdf-forms"? Known: pdf-forms, ledger-reconciliation.',
      isError: true,
    });
    expect((await load("cooking")).content).toBe(
      'There is no skill "cooking". Known: pdf-forms, ledger-reconciliation.',
    );
    const none = createLoadSkillTool([]);
    expect((await none.run({ name: "x" }, context)).content).toBe(
      'There is no skill "x". None are known.',
    );
  });

  test("declares that it reads and may be repeated", () => {
    expect(tool).toMatchObject({
      name: "load_skill",
      source: "tool:skills",
      effect: "read",
      repeat: "safe",
    });
  });

  test.each([{}, { name: "" }, { name: 3 }, "pdf-forms"])("refuses the arguments %j", (args) => {
    expect(tool.parse(args)).toMatchObject({ ok: false });
  });
});

describe("the list of skills for the prompt", async () => {
  const limit = { tokens: await loadTokenCounter(), mostTokens: 4_000 };

  test("has one line for each skill and names the tool", () => {
    const text = listSkills([skill("b"), skill("a")], limit).text;
    expect(text.split("\n").slice(1)).toEqual(["- b: About b.", "- a: About a."]);
    expect(text).toContain("load_skill");
  });

  test("is empty without skills", () => {
    expect(listSkills([], limit).text).toBe("");
  });
});
