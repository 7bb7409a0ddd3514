import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { tasksIn } from "../support/tasks.ts";

grantTests("runs trials on the host", { spawn: true });

const worker = { kind: "command", name: "half", line: 'sh -c "echo yes > done; echo x > stray"' };
const gates = (more: object = {}): string =>
  JSON.stringify({
    version: 1,
    tasks: [
      { path: "tasks/one", tags: ["smoke", "critical"], owner: "ada", scope: ["done"] },
      { path: "tasks/two", tags: ["smoke"], owner: "bob" },
    ],
    gates: {
      merge: {
        tags: ["smoke"],
        agents: [worker],
        environment: "host",
        thresholds: [
          { metric: "success_rate", at_least: 1, action: "block" },
          { metric: "scope", at_least: 0.5, tags: ["critical"], action: "block" },
          { metric: "scope", at_least: 0.9, tags: ["critical"], action: "warn" },
        ],
        ...more,
      },
    },
  });

function project(text = gates()): string {
  const root = freshFolder();
  tasksIn(root, { one: {}, two: {} });
  writeFileSync(join(root, "agent33.gates.yaml"), text);
  return root;
}
const gate = (root: string, ...words: readonly string[]) =>
  runInProcess(["gate", ...words, "--data", "data"], root);

describe("agent33 gate run", () => {
  test("tries the golden tasks, says what it found, and keeps it beside the job", async () => {
    const root = project();
    const first = await gate(root, "run", "merge", "--name", "a", "--ctrf", "ctrf.json");
    expect(first.stdout).toContain("# Gate merge: warned");
    expect(first.stdout).toMatch(/\| warns \| threshold: scope at least 0.9 .* 0.5 /);
    expect(first.code).toBe(0);
    const kept = JSON.parse(
      readFileSync(join(root, "jobs/a/verdict-merge.json"), "utf8"),
    ) as object;
    expect(kept).toMatchObject({ format: "agent33-gate/1", outcome: "warned" });
    expect(readFileSync(join(root, "ctrf.json"), "utf8")).toContain('"reportFormat": "CTRF"');
    const again = await gate(root, "run", "merge", "--job", "jobs/a", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ ...kept, judgedAt: expect.any(Number) });
  });

  test("fails where a critical task is left out because its own solution does not pass", async () => {
    const root = project();
    tasksIn(root, { one: { "solution/solve.sh": "true\n" } });
    const { code, stdout } = await gate(root, "run", "merge", "--name", "a");
    expect(code).toBe(2);
    expect(stdout).toMatch(/\| BLOCKS \| task: one .*skipped/);
  });

  test("does not judge a job of other conditions, or of a task that has changed since", async () => {
    const root = project();
    await gate(root, "run", "merge", "--name", "a");
    writeFileSync(join(root, "agent33.gates.yaml"), gates({ agents: [{ kind: "oracle" }] }));
    const other = await gate(root, "run", "merge", "--job", "jobs/a");
    expect([other.code, other.stdout]).toEqual([
      2,
      expect.stringContaining("differs from the gate in agents"),
    ]);
    writeFileSync(join(root, "agent33.gates.yaml"), gates());
    tasksIn(root, { one: { "instruction.md": "Something else.\n" } });
    const changed = await gate(root, "run", "merge", "--job", "jobs/a");
    expect([changed.code, changed.stdout]).toEqual([2, expect.stringContaining("another version")]);
  });

  test("says what is wrong with what it is given", async () => {
    const root = project();
    const unknown = await gate(root, "run", "mergr");
    expect([unknown.code, unknown.stderr]).toEqual([64, expect.stringContaining("merge")]);
    const missing = await gate(root, "run", "merge", "--file", "no.yaml");
    expect([missing.code, missing.stderr]).toEqual([64, expect.stringContaining("no.yaml")]);
    const both = await gate(root, "run", "merge", "--job", "a", "--name", "b");
    expect([both.code, both.stderr]).toEqual([64, expect.stringContaining("--job judges")]);
    const gone = await gate(root, "run", "merge", "--job", "jobs/none");
    expect([gone.code, gone.stderr]).toEqual([64, expect.stringContaining("job_not_found")]);
  });
});
