import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { gateNamed, parseGates, readGates } from "./gates-file.ts";
import { loadGolden } from "./golden-tasks.ts";

const root = resolve(import.meta.dirname, "../../..");

const whole = `
version: 1
tasks:
  - { path: tasks/one, tags: [smoke, critical], owner: ada }
gates:
  merge:
    tags: [critical]
    agents: [{ kind: oracle }]
    thresholds:
      - { metric: success_rate, at_least: 0.9, action: block }
`;
const parse = (text: string) => parseGates(text, "gates.yaml");

describe("a gates file", () => {
  test("has what is usual where nothing is said", () => {
    expect(gateNamed(parse(whole), "merge")).toMatchObject({
      trials: 1,
      level: 0.95,
      skills: ["none"],
      thresholds: [{ holds: "estimate", action: "block" }],
    });
  });

  test.each([
    ["a gate that no task stands before", "tags: [critical]", "tags: [release]", /has no task/],
    ["a gate in which nobody works", "kind: oracle", "kind: nop", /nobody who works/],
    [
      "a threshold without a task",
      "action: block",
      "action: block, tags: [release]",
      /no task for the tags/,
    ],
    ["a threshold without a limit", "at_least: 0.9, ", "", /one of at_least and at_most/],
    ["a threshold that is open at no side", "at_least: 0.9", "at_least: 0.9, at_most: 1", /one of/],
    ["a share over 1", "at_least: 0.9", "at_least: 90", /share from 0 to 1/],
    ["an action that is none", "action: block", "action: alert", /block/],
    ["a misspelt key", "owner: ada", "ownr: ada", /ownr/],
    ["a threshold without an action", ", action: block", "", /action/],
    ["a group that is not declared", "agents:", "groups: [unit]\n    agents:", /group "unit"/],
    ["a surface that is switched off", "agents:", "surface: false\n    agents:", /surface/],
  ])("%s is refused with its line", (_what, from, to, message) => {
    const wrong = whole.replaceAll(from, to);
    expect(wrong).not.toBe(whole);
    expect(() => parse(wrong)).toThrow(
      expect.objectContaining({
        code: "evaluation.gates_malformed",
        message: expect.stringMatching(message),
      }),
    );
    expect(() => parse(wrong)).toThrow(/^gates\.yaml:\d+:\d+: /);
  });

  test("a gate that is not there is told with the one that is meant", () => {
    expect(() => gateNamed(parse(whole), "merg")).toThrow(
      expect.objectContaining({
        code: "evaluation.unknown_gate",
        hint: expect.stringContaining("merge"),
      }),
    );
    expect(() => gateNamed(parse(whole), "constructor")).toThrow("There is no gate");
  });
});

test("the guide's file is one", () => {
  const guide = readFileSync(join(root, "docs/guides/gates.md"), "utf8");
  const [, shown = ""] = /^```yaml\n(version[\s\S]*?)^```$/m.exec(guide) ?? [];
  expect(Object.keys(parse(shown).gates)).toEqual(["merge"]);
});

test("this project's own gates have tasks that are there", async () => {
  const { tasks, gates } = readGates(join(root, "agent33.gates.yaml"));
  expect(Object.keys(gates)).toEqual(["pull-request", "merge", "release", "monitor"]);
  expect(await loadGolden(tasks, root)).toHaveLength(tasks.length);
});

test("a golden task that is not there, or is listed twice, is an error and no smaller gate", async () => {
  const entry = { tags: ["smoke" as const], owner: "ada" };
  const one = { ...entry, path: "examples/tasks/expense-totals" };
  await expect(loadGolden([one, one], root)).rejects.toMatchObject({
    code: "evaluation.duplicate_task",
  });
  await expect(loadGolden([{ ...entry, path: "examples/tasks/no" }], root)).rejects.toMatchObject({
    code: "evaluation.task_not_found",
  });
});
