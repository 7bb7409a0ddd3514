import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { defaultAgent, loadAgent, mayUseTool } from "./definition.ts";
import { chooseEffort } from "./effort.ts";

function file(text: string): string {
  const path = join(temporaryFolder("agent"), "agent.yaml");
  writeFileSync(path, text);
  return path;
}

describe("an agent definition", () => {
  test("is read from YAML, with what it leaves out", () => {
    const agent = loadAgent(
      file("name: auditor\nversion: '2'\nrole: You audit.\ninstructions: Look closely.\n"),
    );
    expect(agent).toMatchObject({ name: "auditor", version: "2", tools: ["*"], limits: {} });
  });

  test.each([
    [
      "an unknown field",
      "name: a\nversion: '1'\nrole: r\ninstructions: i\ntool: [x]\n",
      "agents.malformed",
      /tool/,
    ],
    ["a missing field", "name: a\nversion: '1'\nrole: r\n", "agents.malformed", /instructions/],
    [
      "a bad name",
      "name: A b\nversion: '1'\nrole: r\ninstructions: i\n",
      "agents.malformed",
      /lower-case/,
    ],
    [
      "an unknown effort",
      "name: a\nversion: '1'\nrole: r\ninstructions: i\neffort: max\n",
      "agents.malformed",
      /effort/,
    ],
    ["broken YAML", "name: [", "agents.unreadable", /./],
  ])("with %s is an error that names it", (_what, text, code, message) => {
    expect(() => loadAgent(file(text))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test("says by patterns which tools it may use", () => {
    const reader = { ...defaultAgent, tools: ["filesystem__read_*", "load_skill"] };
    expect(
      ["filesystem__read_file", "load_skill", "filesystem__write_file", "xload_skill"].map((name) =>
        mayUseTool(reader, name),
      ),
    ).toEqual([true, true, false, false]);
    expect(mayUseTool({ ...defaultAgent, tools: ["a.c"] }, "abc")).toBe(false);
  });
});

test("effort is chosen by the request, then the agent, then the settings", () => {
  const settings = { effort: "medium", source: "default" } as const;
  expect(chooseEffort("low", "high", settings)).toMatchObject({ effort: "low", source: "request" });
  expect(chooseEffort(undefined, "high", settings)).toMatchObject({
    effort: "high",
    source: "agent",
  });
  expect(chooseEffort(undefined, undefined, settings)).toMatchObject({
    effort: "medium",
    source: "default",
  });
});
