import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { runInProcess } from "../support/cli.ts";
import { type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";

const engines: TestEngine[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
});

const careful = `pack: careful
version: 1
description: asks before anything is written
default: allow
rules:
  - id: writes
    ask: { connector: "tool:workspace" }
    reason: Writing needs a person.
  - id: never
    deny: { connector: "tool:workspace" }
    when: args.line == "never"
    reason: Not this.
`;
const writing = (line: string): readonly ScriptedTurn[] => [
  { tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line } }] },
  { text: "Done." },
];

/** An engine whose policy asks before anything is written, with further packs of its folder. */
function engineIn(folder?: string, ...more: readonly string[]): TestEngine {
  const at = folder ?? temporary();
  const files = ["careful.yaml", ...more.map(() => ".agent33/policy/remembered.yaml")];
  const made = testEngine(
    { "policy.packs": ["careful", ...more], "policy.files": [...new Set(files)] },
    at,
  );
  engines.push(made);
  return made;
}

function temporary(): string {
  const made = testEngine();
  engines.push(made);
  writeFileSync(join(made.folder, "careful.yaml"), careful);
  return made.folder;
}

async function askedIn(made: TestEngine, line: string) {
  const { outcome } = await made.run(writing(line));
  expect(outcome).toBe("parked");
  return made.engine.store.approvals.list({ state: "pending" }).at(-1)?.id ?? expect.fail();
}

test("a yes for one call is a rule that answers that call and no other, once it is selected", async () => {
  const first = engineIn();
  const id = await askedIn(first, "one");
  const { ruleId, file, rule, selected } = first.engine.rememberApproval(id, { scope: "call" });
  expect(file).toBe(join(first.folder, ".agent33/policy/remembered.yaml"));
  expect(ruleId).toBe(`remembered/yes-${id.slice(-12)}`);
  expect(selected).toBe(false);
  expect(rule).toContain("answers:");
  expect(readFileSync(file, "utf8")).toContain('args == {"path":"notes.txt","line":"one"}');
  // Not selected, it changes nothing.
  await askedIn(first, "one");

  const second = engineIn(first.folder, "remembered");
  expect((await second.run(writing("one"))).outcome).toBe("unverified");
  const decided = second.engine.store.audit
    .list()
    .items.find(({ connector }) => connector === "tool:workspace");
  expect(decided).toMatchObject({ decision: "allow", ruleId });
  await askedIn(second, "two");
  // The same again is one rule.
  expect(second.engine.rememberApproval(id, { scope: "call" })).toMatchObject({
    ruleId,
    selected: true,
  });
  expect(readFileSync(file, "utf8").match(/id: yes-/g)).toHaveLength(1);
});

test("a yes for a tool answers for any arguments, for that person, and never a denial", async () => {
  const first = engineIn();
  const id = await askedIn(first, "one");
  first.engine.rememberApproval(id, { scope: "tool" });
  const second = engineIn(first.folder, "remembered");
  expect((await second.run(writing("two"))).outcome).toBe("unverified");
  const { events } = await second.run(writing("never"));
  expect(JSON.stringify(events)).toContain("careful/never");
});

test("the command approves, shows the rule, and says how it comes into force", async () => {
  const made = engineIn();
  const id = await askedIn(made, "one");
  await made.engine.close();
  engines.splice(engines.indexOf(made), 1);
  const settings = ["AGENT33_POLICY_PACKS", "AGENT33_POLICY_FILES"];
  const env = { [settings[0] ?? ""]: "careful", [settings[1] ?? ""]: "careful.yaml" };
  const approve = (...words: readonly string[]) =>
    runInProcess(["approvals", "approve", id, ...words], made.folder, env);
  expect(await approve("--file", "mine.yaml")).toMatchObject({ code: 64 });
  expect(await approve("--remember", "all")).toMatchObject({ code: 64 });
  const { code, stdout } = await approve("--remember", "tool", "--file", "mine.yaml");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^approved /);
  expect(stdout).toContain(
    `remembered as remembered/yes-${id.slice(-12)} in ${join(made.folder, "mine.yaml")}`,
  );
  expect(stdout).toContain('add "remembered" to policy.packs');
});

test("a call with a secret in its arguments can only be remembered for its tool", async () => {
  const made = engineIn();
  const key = "sk-abcdefghijklmnopqrstuvwxyz0123456789";
  const id = await askedIn(made, `the key is ${key}`);
  expect(() => made.engine.rememberApproval(id, { scope: "call" })).toThrow(
    expect.objectContaining({
      code: "engine.cannot_remember",
      hint: expect.stringContaining("--remember tool"),
    }),
  );
  const { file } = made.engine.rememberApproval(id, { scope: "tool" });
  expect(readFileSync(file, "utf8")).not.toContain(key);
});

test("an answer to a rule that asks nothing is refused where the policy is compiled", () => {
  const folder = temporary();
  writeFileSync(
    join(folder, "wrong.yaml"),
    'pack: wrong\nversion: 1\ndescription: d\ndefault: allow\nrules:\n  - id: yes\n    allow: { connector: "tool:workspace" }\n    answers: [careful/write]\n    reason: r\n',
  );
  const settings = {
    "policy.packs": ["careful", "wrong"],
    "policy.files": ["careful.yaml", "wrong.yaml"],
  };
  expect(() => testEngine(settings, folder)).toThrow(
    expect.objectContaining({
      code: "policy.unknown_rule",
      message: expect.stringContaining("wrong.yaml:6:"),
      hint: expect.stringContaining("careful/writes"),
    }),
  );
});
