import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { eventsOf, testEngine } from "../support/engine.ts";

const agent = { name: "a", version: "1", role: "r", instructions: "i" };
/** The same with the role twice. */
const twice = JSON.stringify(agent).replace("{", '{"role":"other",');

describe("a name that stands twice in one object is said, and nothing runs", () => {
  function folder(): string {
    const made = freshFolder();
    mkdirSync(join(made, "agents"));
    writeFileSync(join(made, "agents", "a.yaml"), JSON.stringify(agent));
    writeFileSync(join(made, "twice.json"), twice);
    writeFileSync(join(made, "inputs.json"), '{"b":{"c":1,"c":2}}');
    return made;
  }
  const model = ["--model", "scripted:none.yaml"];

  test.each([
    ["inputs on the command line", ["invoke", "a", "--input", '{"b":1,"b":2}', ...model], '"b"'],
    ["inputs in a file", ["invoke", "a", "--input", "@inputs.json", ...model], '"c"'],
    ["an agent definition in JSON", ["run", "Go.", "--agent", "./twice.json", ...model], ":1:"],
  ])("%s", async (_what, words, says) => {
    const { code, stderr } = await runInProcess(words, folder());
    expect(stderr).toMatch(/twice|unique/);
    expect(stderr).toContain(says);
    expect(code).toBe(64);
  });

  test.each([
    "model: scripted:a\nmodel: scripted:b\n",
    '{"model":"scripted:a","model":"scripted:b"}',
  ])("settings: %j", async (text) => {
    const made = folder();
    writeFileSync(join(made, "agent33.config.yaml"), text);
    const { code, stderr } = await runInProcess(["config", "explain"], made);
    expect(stderr).toMatch(/agent33\.config\.yaml.*unique/);
    expect(code).toBe(64);
  });

  test("a setting in the environment", async () => {
    const given = { AGENT33_PRICES: '{"m":{},"m":{}}' };
    const { code, stderr } = await runInProcess(["config", "explain"], folder(), given);
    expect(stderr).toContain('AGENT33_PRICES has the name "m" twice');
    expect(code).toBe(64);
  });
});

test("the arguments of a call with a name twice are not run, and the model is told", async () => {
  const made = testEngine();
  const call = {
    name: "append_line",
    arguments_text: '{"path":"notes.txt","line":"one","path":"other.txt"}',
  };
  try {
    const { events } = await made.run([{ tool_calls: [call] }, { text: "Done." }]);
    expect(eventsOf(events, "tool.completed")).toMatchObject([
      {
        isError: true,
        error: { code: "tools.malformed_arguments" },
        content: expect.stringContaining('"path" stands twice'),
      },
    ]);
  } finally {
    await made.engine.close();
  }
});
