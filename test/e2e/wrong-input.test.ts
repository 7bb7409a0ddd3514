import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorCodes } from "../../docs/reference/errors-page.ts";
import { isWrongInput, wrongInput } from "../../src/engine/wrong-input.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";

describe("the table of what a person gets wrong", () => {
  const codes = errorCodes();

  test("names only errors that there are", () => {
    for (const [room, names] of Object.entries(wrongInput)) {
      for (const name of names) {
        const only = { code: `${room}.${name.replace(/\*$/, "")}` };
        const meant = codes.filter(({ code }) =>
          name.endsWith("*") ? code.startsWith(only.code) : code === only.code,
        );
        expect({ room, name, meant: meant.length > 0 }).toEqual({ room, name, meant: true });
      }
    }
  });

  test("leaves out what nobody on the command line can mend", () => {
    for (const code of ["boundary.transport", "store.unreachable", "internal.unexpected"]) {
      expect(isWrongInput({ code })).toBe(false);
    }
    expect(isWrongInput({ code: "config.anything" })).toBe(true);
  });
});

describe("what is wrong in what a person gives ends a command with 64", () => {
  const agent = (name: string, more = "") =>
    `name: ${name}\nversion: "1"\nrole: r\ninstructions: i\n${more}`;

  function folder(): string {
    const made = freshFolder();
    mkdirSync(join(made, "agents"));
    writeFileSync(join(made, "agents", "one.yaml"), agent("one", "agents: [other]\n"));
    writeFileSync(join(made, "agents", "other.yaml"), agent("other", "agents: [one]\n"));
    writeFileSync(join(made, "bad.yaml"), "name: Not a name\n");
    return made;
  }
  const model = ["--model", "scripted:none.yaml"];

  test.each([
    ["agents.unreadable", ["run", "Go.", "--agent", "./gone.yaml", ...model]],
    ["agents.malformed", ["run", "Go.", "--agent", "./bad.yaml", ...model]],
    ["agents.cycle", ["run", "Go.", "--agent", "one", ...model]],
    ["models.unreadable_script", ["run", "Go.", ...model]],
    ["evaluation.task_not_found", ["run", "--task", "gone", "--environment", "host", ...model]],
    ["policy.unreadable_pack", ["policy", "test", "gone.yaml"]],
    ["store.unknown_run", ["runs", "show", "0123"]],
    ["store.unknown_run", ["resume", "0123"]],
    ["store.unknown_approval", ["approvals", "approve", "0123"]],
    ["learning.unknown_signal", ["learn", "show", "LS-0123"]],
  ])("%s, as of `%j`", async (code, words) => {
    const result = await runInProcess([...words, "--json"], folder());
    expect(result.stderr).toContain(code);
    expect(result.code).toBe(64);
  });
});
