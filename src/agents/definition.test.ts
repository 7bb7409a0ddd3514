import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { agentDigest, defaultAgent, mayUseSkill, mayUseTool } from "./definition.ts";
import { readAgentFile } from "./definition-file.ts";

function file(text: string): string {
  const path = join(temporaryFolder("agent"), "agent.yaml");
  writeFileSync(path, text);
  return path;
}

const head = "name: a\nversion: '1'\nrole: r\ninstructions: i\n";

describe("an agent definition", () => {
  test("is read from YAML, with what it leaves out", () => {
    const agent = readAgentFile(
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
    ["broken YAML", "name: [", "agents.malformed", /agent\.yaml:1:/],
    [
      "a misspelt field deep inside",
      `${head}completion:\n  checks:\n    - scorer: { comand: x, atLeast: 1 }\n`,
      "agents.malformed",
      /agent\.yaml:7:17: unknown key "comand"/,
    ],
    [
      "a version that is a number",
      "name: a\nversion: 1.0\nrole: r\ninstructions: i\n",
      "agents.malformed",
      /agent\.yaml:2:10: version: .*quotes/,
    ],
    ["a version without an order", head.replace("'1'", "next"), "agents.malformed", /1\.2\.0/],
    [
      "a check that is two",
      `${head}completion:\n  checks:\n    - { command: a, scorer: { command: b, atLeast: 1 } }\n`,
      "agents.malformed",
      /agent\.yaml:7:7: completion\.checks\.0: give command or scorer/,
    ],
    [
      "outputs that are no object",
      `${head}outputs: { type: string }\n`,
      "agents.malformed",
      /agent\.yaml:5:10: outputs: .*type: object/,
    ],
    [
      "outputs that are no schema",
      `${head}outputs: { type: object, properties: { a: { type: strin } } }\n`,
      "agents.malformed",
      /agent\.yaml:5:10: outputs: .*strin/,
    ],
  ])("with %s is an error that names it", (_what, text, code, message) => {
    expect(() => readAgentFile(file(text))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test("has a digest of what it says, not of how it is written", () => {
    const plain = readAgentFile(file(head));
    const other = readAgentFile(file(`# a note\n${head.replace("role: r", 'role: "r"')}`));
    expect(agentDigest(other)).toBe(agentDigest(plain));
    expect(agentDigest({ ...plain, role: "s" })).not.toBe(agentDigest(plain));
  });

  test("says by patterns which skills it may load; all where it says nothing", () => {
    expect(mayUseSkill(defaultAgent, "any")).toBe(true);
    expect(mayUseSkill({ ...defaultAgent, skills: ["pdf-*"] }, "pdf-read")).toBe(true);
    expect(mayUseSkill({ ...defaultAgent, skills: [] }, "pdf-read")).toBe(false);
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
