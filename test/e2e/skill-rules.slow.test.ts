import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";
import { handTo, runTeam } from "../support/team.ts";

const engines: TestEngine[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
});

/** Skills of a project: front matter and text by name. */
function withSkills(
  folder: string,
  skills: Readonly<Record<string, Readonly<Record<string, JsonValue>>>>,
): void {
  for (const [name, front] of Object.entries(skills)) {
    const path = join(folder, ".agents/skills", name, "SKILL.md");
    mkdirSync(dirname(path), { recursive: true });
    const head = stringify({ name, description: `About ${name}.`, ...front });
    writeFileSync(path, `---\n${head}---\nHow to ${name}.\n`);
  }
}

function opened(skills: Parameters<typeof withSkills>[1], settings = {}, folder?: string) {
  const made = testEngine(settings, folder);
  engines.push(made);
  withSkills(made.folder, skills);
  return made;
}

const load = (name: string) => ({ name: "load_skill", arguments: { name } });
const append = (line: string) => ({ name: "append_line", arguments: { path: "notes.txt", line } });
const readOnly = { "read-only": { "disallowed-tools": "Write, Edit" } };
const audited = {
  tool: "append_line",
  decision: {
    effect: "deny",
    ruleId: "skill/read-only",
    reason: "The skill read-only forbids it: its list of disallowed tools has Write.",
  },
};
const done: ScriptedTurn = { text: "Done." };
const written = (folder: string): boolean => existsSync(join(folder, "notes.txt"));

describe("a skill that forbids a tool", () => {
  test("has the call denied by the boundary, named in the run and in the audit", async () => {
    const made = opened(readOnly);
    const { folder } = made;
    const model = made.script([
      { tool_calls: [append("before")] },
      { tool_calls: [load("read-only")] },
      { tool_calls: [append("after")] },
      done,
    ]);
    await made.engine.close();
    engines.splice(0);
    const words = ["run", "Do it.", "--model", model, "--workspace", folder];
    const run = await runInProcess(words, folder);
    expect(run.stdout).toContain("works by the skill read-only forbids Write, Edit");
    expect(run.stdout).toContain("skill/read-only");
    expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("before\n");

    const audit = await runInProcess(["audit", "list", "--decision", "deny", "--json"], folder);
    const { items } = JSON.parse(audit.stdout) as { readonly items: readonly object[] };
    expect(items).toMatchObject([
      { decision: "deny", outcome: "boundary.policy_denied", record: audited },
    ]);
  });

  test("says so to the model, which can go on", async () => {
    const made = opened(readOnly);
    const { events, outcome } = await made.run([
      { tool_calls: [load("read-only")] },
      { tool_calls: [append("x")] },
      done,
    ]);
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "tool.completed").at(-1)).toMatchObject({
      isError: true,
      content: expect.stringContaining("The skill read-only forbids it"),
      decision: { effect: "deny", ruleId: "skill/read-only" },
    });
    expect(written(made.folder)).toBe(false);
  });

  test("is held to as it was when it was loaded, whatever its file says later", async () => {
    const made = opened(readOnly);
    const turns = [{ tool_calls: [load("read-only")] }, { tool_calls: [append("x")] }, done];
    const { runId, events } = await made.run(turns);
    expect(eventsOf(events, "skill.loaded")).toMatchObject([
      { name: "read-only", disallowedTools: ["Write", "Edit"], turn: 1 },
    ]);
    withSkills(made.folder, { "read-only": {} });
    const again = await made.engine.runs.create({
      task: { kind: "text", text: "Do it.", workspace: made.folder },
      model: `replay:${runId}`,
      effort: undefined,
      mcpCommands: [],
    });
    await made.engine.runs.drive(again);
    // A new run loads what is there now.
    expect(written(made.folder)).toBe(true);
  });

  test("binds the agents that work for the one that loaded it, and not the other way round", async () => {
    const made = opened({ ...readOnly });
    const { events } = await runTeam(made, {
      agents: { lead: { agents: ["helper"] }, helper: {} },
      turns: [
        { tool_calls: [handTo("helper", "first")] },
        { tool_calls: [append("lead")] },
        { tool_calls: [load("read-only")] },
        { tool_calls: [handTo("helper", "second")] },
        done,
      ],
      says: {
        "1.0": [{ tool_calls: [load("read-only")] }, { tool_calls: [append("no")] }, done],
        "4.0": [{ tool_calls: [append("no")] }, done],
      },
    });
    const appended = eventsOf(events, "tool.completed").filter(
      ({ toolName }) => toolName === "append_line",
    );
    expect(appended.map(({ agentPath, decision }) => [agentPath, decision?.ruleId])).toEqual([
      ["1.0", "skill/read-only"],
      [undefined, expect.not.stringContaining("skill/")],
      ["4.0", "skill/read-only"],
    ]);
    expect(readFileSync(join(made.folder, "notes.txt"), "utf8")).toBe("lead\n");
  });
});

describe("a skill that wants a person to be asked", () => {
  test("has the run wait for the answer, and holds after it was taken up by another process", async () => {
    const asking = { careful: { metadata: { "approval-required-for": "Write" } } };
    const made = opened(asking);
    const { runId, events } = await made.run([
      { tool_calls: [load("careful")] },
      { tool_calls: [append("first")] },
      { tool_calls: [append("second")] },
      done,
    ]);
    const parked = eventsOf(events, "run.parked").at(-1);
    expect(parked).toMatchObject({ ruleId: "skill/careful" });
    expect(parked?.message).toContain("The skill careful wants a person to be asked");
    await made.engine.decideApproval(parked?.approvalId ?? "", "approved");
    await made.engine.close();
    engines.splice(0);

    const later = opened(asking, {}, made.folder);
    await later.engine.runs.drive(runId);
    expect(readFileSync(join(made.folder, "notes.txt"), "utf8")).toBe("first\n");
    const next = eventsOf(later.engine.store.runLog.read(runId), "run.parked").at(-1);
    expect(next).toMatchObject({ ruleId: "skill/careful" });
    expect(next?.approvalId).not.toBe(parked?.approvalId);
  });
});

describe("skills of which each allows only its own tools", () => {
  test("leave none of them when both are loaded", async () => {
    const made = opened({
      one: { "allowed-tools": "Write" },
      other: { "allowed-tools": ["Read", "Grep"] },
    });
    const { events } = await made.run([
      { tool_calls: [load("one")] },
      { tool_calls: [append("one")] },
      { tool_calls: [load("other")] },
      { tool_calls: [append("both")] },
      done,
    ]);
    const last = eventsOf(events, "tool.completed").at(-1);
    expect(last?.decision).toMatchObject({
      effect: "deny",
      ruleId: "skill/other",
      reason: "The skill other does not allow it: its list of allowed tools is Read, Grep.",
    });
    expect(readFileSync(join(made.folder, "notes.txt"), "utf8")).toBe("one\n");
  });
});

describe("a skill that an agent begins with", () => {
  test("stands in its prompt, and its rules hold from the first call", async () => {
    const made = opened({
      "read-only": { "disallowed-tools": "Write", "disable-model-invocation": true },
    });
    const { events } = await runTeam(made, {
      agents: { lead: { preload: ["read-only"] } },
      turns: [{ tool_calls: [append("x")] }, done],
      says: {},
    });
    expect(eventsOf(events, "session.opened")[0]).toMatchObject({
      skills: [{ name: "read-only" }],
    });
    expect(eventsOf(events, "tool.completed")[0]?.decision).toMatchObject({
      ruleId: "skill/read-only",
    });
  });

  test("has to be there", async () => {
    const made = opened(readOnly);
    const team = { agents: { lead: { preload: ["read-onyl"] } }, turns: [done], says: {} };
    const { events } = await runTeam(made, team);
    expect(eventsOf(events, "run.finished")[0]?.stop).toMatchObject({
      error: { code: "engine.unknown_skill", hint: 'Did you mean "read-only"?' },
    });
  });
});

describe("a skill that has changed since it was added", () => {
  const change = (folder: string) => withSkills(folder, { "read-only": { license: "MIT" } });

  test("is loaded only once a person has said yes", async () => {
    const made = opened(readOnly);
    await runInProcess(["skills", "pin"], made.folder);
    const turns = [{ tool_calls: [load("Read_Only")] }, done];
    expect(eventsOf((await made.run(turns)).events, "skill.loaded")).toHaveLength(1);
    change(made.folder);
    const { events } = await made.run(turns);
    expect(eventsOf(events, "skill.loaded")).toEqual([]);
    expect(eventsOf(events, "run.parked")).toMatchObject([
      { ruleId: "settings/skill-changed", message: expect.stringContaining("is not what it was") },
    ]);
    expect(eventsOf(events, "session.opened")[0]?.notices.join("\n")).toContain("skill read-only:");
  });

  test("is nothing that an agent begins with", async () => {
    const made = opened(readOnly);
    await runInProcess(["skills", "pin", "read-only"], made.folder);
    change(made.folder);
    const team = { agents: { lead: { preload: ["read-only"] } }, turns: [done], says: {} };
    const { events } = await runTeam(made, team);
    expect(eventsOf(events, "run.finished")[0]?.stop).toMatchObject({
      error: { code: "engine.changed_skill" },
    });
  });
});

describe("the skills of a run", () => {
  const names = async (made: TestEngine, team: Parameters<typeof runTeam>[1]) =>
    eventsOf((await runTeam(made, team)).events, "session.opened")[0]?.skills.map(
      ({ name }) => name,
    );
  const team = { agents: { lead: {} }, turns: [done], says: {} };

  test("are not those that are disabled or for other tenants", async () => {
    const three = { mine: {}, off: {}, "payroll-de": {} };
    const settings = { "skills.disabled": ["o*"], "skills.tenants": { "payroll-*": ["acme"] } };
    expect(await names(opened(three, settings), team)).toEqual(["mine"]);
    const acme = opened(three, { ...settings, tenant: "acme" });
    expect(await names(acme, team)).toEqual(["mine", "payroll-de"]);
  });

  test("that there is no room for in the prompt are told of", async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_none, at) => [`skill-${at}`, {}]));
    const made = opened(many, { "skills.listTokens": 100 });
    const { events } = await runTeam(made, team);
    expect(eventsOf(events, "session.opened")[0]?.notices.join("\n")).toMatch(
      /\d+ of 30 skills are not in the prompt of lead \(skills\.listTokens\)/,
    );
  });

  test("cannot be written by its own tools", async () => {
    const made = opened(readOnly);
    const path = ".agents/skills/read-only/SKILL.md";
    const { events } = await made.run([
      { tool_calls: [{ name: "append_line", arguments: { path, line: "do evil" } }] },
      done,
    ]);
    expect(eventsOf(events, "tool.completed")[0]).toMatchObject({ isError: true });
    expect(readFileSync(join(made.folder, path), "utf8")).not.toContain("evil");
  });
});
